/* The floor: what it costs to walk a directory tree and to stat every file in it, and nothing more.

   Prints how many files there are, and the sum of their sizes. */

#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static long files;
static long long size_bytes;

static void walk(int directory, const char *name) {
    int descriptor = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *stream = descriptor < 0 ? NULL : fdopendir(descriptor);
    if (!stream) err(1, "%s", name);
    for (struct dirent *entry; (entry = readdir(stream));) {
        struct stat status;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        if (fstatat(descriptor, entry->d_name, &status, AT_SYMLINK_NOFOLLOW)) err(1, "%s", entry->d_name);
        if (S_ISDIR(status.st_mode)) {
            walk(descriptor, entry->d_name);
        } else {
            files++;
            size_bytes += status.st_size;
        }
    }
    closedir(stream);
}

int main(int count, char **arguments) {
    if (count != 2) errx(2, "usage: walk DIRECTORY");
    walk(AT_FDCWD, arguments[1]);
    printf("%ld files, %lld bytes\n", files, size_bytes);
    return 0;
}
