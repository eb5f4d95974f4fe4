"""Media types by name: our own table, since the standard library's depends on the host."""

from feedbridge.standards import urls

# Registered types where there is one (IANA media types), else what browsers use.
_TYPES = {
    "image/apng": ("apng",),
    "image/avif": ("avif",),
    "image/bmp": ("bmp",),
    "image/gif": ("gif",),
    "image/heic": ("heic",),
    "image/heif": ("heif",),
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp"),
    "image/jxl": ("jxl",),
    "image/png": ("png",),
    "image/svg+xml": ("svg",),
    "image/tiff": ("tif", "tiff"),
    "image/vnd.microsoft.icon": ("ico",),
    "image/webp": ("webp",),
    "audio/aac": ("aac",),
    "audio/flac": ("flac",),
    "audio/mp4": ("m4a",),
    "audio/mpeg": ("mp3", "mpga"),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/wav": ("wav",),
    "audio/webm": ("weba",),
    "video/3gpp": ("3gp",),
    "video/matroska": ("mkv",),
    "video/mp2t": ("ts",),
    "video/mp4": ("mp4", "m4v"),
    "video/mpeg": ("mpg", "mpeg"),
    "video/ogg": ("ogv",),
    "video/quicktime": ("mov",),
    "video/webm": ("webm",),
    "video/x-flv": ("flv",),
    "video/x-ms-wmv": ("wmv",),
    "video/x-msvideo": ("avi",),
    "application/vnd.apple.mpegurl": ("m3u8",),
}
_BY_EXTENSION = {extension: name for name, extensions in _TYPES.items() for extension in extensions}


def media_type(url: str) -> str:
    """Return the media type that an address's extension stands for, "" if none is known.

    A name is a hint, no proof: `….jpg/@@images/<uuid>.png` is a PNG by the segment that counts. What a query
    says (`?format=jpg`) is a wish to the server, and no hint.
    """
    return _BY_EXTENSION.get(urls.extension(url), "")
