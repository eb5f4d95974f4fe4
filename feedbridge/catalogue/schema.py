"""The tables of the catalogue, and the steps from each released version of them to the next.

Moments are whole seconds since 1970 in UTC. Paths are bytes, as the file system has them.
"""

# The first step makes everything; a later version appends one, and never changes those before it.
STEPS: tuple[str, ...] = (
    """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

    -- What was seen of each part of a directory: where the digest is the same, no file is looked at.
    CREATE TABLE directories (
        id INTEGER PRIMARY KEY, root INTEGER NOT NULL, path BLOB NOT NULL, UNIQUE (root, path)
    );
    CREATE TABLE parts (
        directory INTEGER NOT NULL, part INTEGER NOT NULL, digest BLOB NOT NULL,
        PRIMARY KEY (directory, part)
    ) WITHOUT ROWID;

    -- A file: its stamp, what it proved to be, and its version and header, where it is or was usable.
    CREATE TABLE files (
        id INTEGER PRIMARY KEY,
        path BLOB NOT NULL UNIQUE,
        directory INTEGER NOT NULL, part INTEGER NOT NULL,
        root INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
        state TEXT NOT NULL,          -- article, ignored, rejected, gone
        code TEXT NOT NULL, detail TEXT NOT NULL,
        again INTEGER NOT NULL,       -- the next run reads it, whatever its stamp says
        due INTEGER,                  -- when it is to be read again: it is dated ahead
        held INTEGER,                 -- since when its article is lost, and its entry held
        digest BLOB, key TEXT, epoch INTEGER, published INTEGER, source TEXT, source_name TEXT,
        edited INTEGER,               -- since when it says what it says, where no epoch tells
        title TEXT, link TEXT, author TEXT,
        categories TEXT,              -- a JSON array
        fingerprint TEXT, length INTEGER
    );
    CREATE INDEX files_by_part ON files (directory, part);
    CREATE INDEX files_by_key ON files (key) WHERE key IS NOT NULL;
    CREATE INDEX files_rejected ON files (path) WHERE state = 'rejected';
    CREATE INDEX files_again ON files (id) WHERE again;
    CREATE INDEX files_due ON files (due) WHERE due IS NOT NULL;
    -- Those whose article is lost: it is let go before a run ends, or held.
    CREATE INDEX files_lost ON files (digest)
        WHERE digest IS NOT NULL AND state <> 'article' AND code <> 'unreadable';
    CREATE INDEX files_edited ON files (key) WHERE edited IS NOT NULL;

    -- An article, of one or several files.
    CREATE TABLE entries (
        key TEXT PRIMARY KEY,
        guid TEXT NOT NULL,
        speaker BLOB NOT NULL,        -- the path of the file that speaks
        digest BLOB NOT NULL,         -- of that file
        versions BLOB NOT NULL,       -- a digest of the digests of all its files
        published INTEGER NOT NULL, updated INTEGER NOT NULL, arrived INTEGER NOT NULL,
        source TEXT NOT NULL, source_name TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX entries_by_guid ON entries (guid);
    -- The groups of which feeds are made, each in the order of feeds: the family "" has one, of all entries;
    -- "source" has one a source, and so will others.
    CREATE TABLE grouped (
        family TEXT NOT NULL, name TEXT NOT NULL,
        published INTEGER NOT NULL, guid TEXT NOT NULL, arrived INTEGER NOT NULL, key TEXT NOT NULL,
        PRIMARY KEY (family, name, published DESC, guid)
    ) WITHOUT ROWID;
    CREATE INDEX grouped_by_arrival ON grouped (family, name, arrived);

    -- What a file says, cleaned, as long as a document needs it.
    CREATE TABLE contents (
        digest BLOB PRIMARY KEY,
        content_bytes INTEGER NOT NULL, summary_bytes INTEGER NOT NULL,
        fingerprint TEXT NOT NULL, length INTEGER NOT NULL,
        generation INTEGER NOT NULL,  -- of the rules by which it was made
        content BLOB NOT NULL         -- MessagePack
    );
    CREATE INDEX contents_by_generation ON contents (generation);

    -- A document of any kind, its members in order, and the files that it stands in. The members of a feed
    -- keep their contents; the files of what never changes any more keep their bytes instead.
    CREATE TABLE documents (
        name TEXT PRIMARY KEY,
        kind TEXT NOT NULL,           -- feed
        is_dirty INTEGER NOT NULL,
        fingerprint BLOB NOT NULL,    -- of all that its bytes depend on
        updated INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE members (
        document TEXT NOT NULL, place INTEGER NOT NULL, key TEXT NOT NULL, digest BLOB NOT NULL,
        PRIMARY KEY (document, place)
    ) WITHOUT ROWID;
    CREATE INDEX members_by_key ON members (key);
    CREATE INDEX members_by_digest ON members (digest);
    CREATE TABLE renditions (
        path TEXT PRIMARY KEY,
        document TEXT NOT NULL, kind TEXT NOT NULL,
        size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
        body BLOB                     -- NULL: its members' contents make it anew
    ) WITHOUT ROWID;
    CREATE INDEX renditions_by_document ON renditions (document);

    CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        started INTEGER NOT NULL,
        failure TEXT,                 -- why it failed; NULL: it did not
        report TEXT                   -- JSON; NULL: it failed
    );

    -- Counts, kept by the triggers below: to count a million rows would take longer than an unchanged run.
    CREATE TABLE counts (name TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TRIGGER file_comes AFTER INSERT ON files BEGIN
        INSERT INTO counts VALUES (new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
    END;
    CREATE TRIGGER file_goes AFTER DELETE ON files BEGIN
        UPDATE counts SET count = count - 1 WHERE name = old.state;
    END;
    CREATE TRIGGER file_turns AFTER UPDATE OF state ON files WHEN old.state <> new.state BEGIN
        UPDATE counts SET count = count - 1 WHERE name = old.state;
        INSERT INTO counts VALUES (new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
    END;
    -- The groups that have entries, likewise.
    CREATE TABLE groups (
        family TEXT NOT NULL, name TEXT NOT NULL, entries INTEGER NOT NULL, PRIMARY KEY (family, name)
    ) WITHOUT ROWID;
    CREATE TRIGGER member_comes AFTER INSERT ON grouped BEGIN
        INSERT INTO groups VALUES (new.family, new.name, 1) ON CONFLICT DO UPDATE SET entries = entries + 1;
    END;
    CREATE TRIGGER member_goes AFTER DELETE ON grouped BEGIN
        UPDATE groups SET entries = entries - 1 WHERE family = old.family AND name = old.name;
        DELETE FROM groups WHERE family = old.family AND name = old.name AND entries = 0;
    END;
    """,
)
