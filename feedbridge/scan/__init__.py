"""Walk the archive and read its files: no link is followed, nothing is read past its limit.

Below an input directory everything is opened relative to the descriptor of its directory
with O_NOFOLLOW, and files with O_NONBLOCK, too; they must prove to be regular: so neither a
link that is put there during the run nor a FIFO can lead the reader astray or make it wait.
The input directory itself may be a link.
"""

from feedbridge.scan.archive import Archive
from feedbridge.scan.tree import Directory, Listing, Root, Scope, Tree

__all__ = ["Archive", "Directory", "Listing", "Root", "Scope", "Tree"]
