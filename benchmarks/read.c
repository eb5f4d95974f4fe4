/* The floor of a first run: what it costs to read every file of a directory tree, and nothing more.

   `read DIRECTORY THREADS` finds all files by one walk, and then reads them in the order in which they
   were found, each thread the next one. Prints how many files there are, and how many bytes were read. */

#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_THREADS = 64, MOST_DESCRIPTORS = 32, PIECE_BYTES = 1 << 16 };

static char **names;
static long files;
static atomic_long next;
static atomic_llong size_bytes;

static int find(const char *name, const struct stat *status, int kind, struct FTW *place) {
    (void)status, (void)place;
    if (kind != FTW_F) return 0;
    if (files % 1024 == 0) names = realloc(names, (files + 1024) * sizeof *names);
    if (!names || !(names[files++] = strdup(name))) err(1, "%s", name);
    return 0;
}

static void *read_files(void *unused) {
    char piece[PIECE_BYTES];
    for (long number; (number = atomic_fetch_add(&next, 1)) < files;) {
        int descriptor = open(names[number], O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        ssize_t length = -1;
        while (descriptor >= 0 && (length = read(descriptor, piece, sizeof piece)) > 0) size_bytes += length;
        if (length < 0) err(1, "%s", names[number]);
        close(descriptor);
    }
    return unused;
}

int main(int count, char **arguments) {
    pthread_t threads[MOST_THREADS];
    int wanted = count == 3 ? atoi(arguments[2]) : 0;
    if (wanted < 1 || wanted > MOST_THREADS) errx(2, "usage: read DIRECTORY THREADS");
    if (nftw(arguments[1], find, MOST_DESCRIPTORS, FTW_PHYS)) err(1, "%s", arguments[1]);
    for (int number = 0; number < wanted; number++)
        if (pthread_create(&threads[number], NULL, read_files, NULL)) errx(1, "no thread");
    for (int number = 0; number < wanted; number++) pthread_join(threads[number], NULL);
    printf("%ld files, %lld bytes\n", files, (long long)size_bytes);
    return 0;
}
