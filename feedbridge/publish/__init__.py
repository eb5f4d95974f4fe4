"""Put renditions in place: atomically, equal bytes untouched, only what is ours replaced or removed.

    with publish.locked(directory):
        site = publish.Site(directory, gzip=False)
        with site.stage() as stage:
            for rendition in renditions:
                stage.add(rendition)
            changes = stage.commit()

What is ours is what the manifest in the output directory lists, or what holds the very
bytes that would be written. `Site.comparison` tells the same changes and makes none.
"""

from feedbridge.publish.comparison import Changes, Comparison
from feedbridge.publish.lock import is_locked, locked
from feedbridge.publish.manifest import Files, Kind
from feedbridge.publish.site import Site
from feedbridge.publish.staging import Stage

__all__ = ["Changes", "Comparison", "Files", "Kind", "Site", "Stage", "is_locked", "locked"]
