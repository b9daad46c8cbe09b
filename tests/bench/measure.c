/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-measure RUNS COMMAND…: runs it that many times and prints "median-ms least-ms peak-KiB".
 * Wall clock of the whole process, peak resident memory of the process itself. Standard output of
 * the command is thrown away; a run that fails ends the measurement. "%n" in an argument becomes
 * the number of the run, so that each can write a file of its own. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int by_value (const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double now_ms (void)
{
    struct timespec time;
    clock_gettime (CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static char *number_argument (const char *argument, int run)
{
    const char *mark = strstr (argument, "%n");
    char *text = NULL;
    int made = mark ? asprintf (&text, "%.*s%d%s", (int)(mark - argument), argument, run, mark + 2)
                    : asprintf (&text, "%s", argument);
    if (made < 0)
        abort ();
    return text;
}

static double run_once (char **command, int run, long *peak)
{
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init (&files);
    posix_spawn_file_actions_addopen (&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    int count = 0;
    while (command[count])
        count++;
    char **argv = calloc ((size_t)count + 1, sizeof *argv);
    for (int i = 0; i < count; i++)
        argv[i] = number_argument (command[i], run);
    double start = now_ms ();
    pid_t child;
    int status = -1;
    struct rusage usage = {0};
    if (posix_spawnp (&child, argv[0], &files, NULL, argv, environ) == 0)
        wait4 (child, &status, 0, &usage);
    double end = now_ms ();
    posix_spawn_file_actions_destroy (&files);
    if (status != 0) {
        fprintf (stderr, "bench-measure: %s failed in run %d\n", argv[0], run);
        exit (1);
    }
    for (int i = 0; i < count; i++)
        free (argv[i]);
    free (argv);
    *peak = usage.ru_maxrss > *peak ? usage.ru_maxrss : *peak;
    return end - start;
}

int main (int argc, char **argv)
{
    int runs = argc > 2 ? atoi (argv[1]) : 0;
    if (runs < 1 || runs > 10000) {
        fputs ("usage: bench-measure RUNS COMMAND…\n", stderr);
        return 64;
    }
    double *times = calloc ((size_t)runs, sizeof *times);
    long peak = 0;
    for (int i = 0; i < runs; i++)
        times[i] = run_once (argv + 2, i, &peak);
    qsort (times, (size_t)runs, sizeof *times, by_value);
    printf ("%.3f %.3f %ld\n", times[runs / 2], times[0], peak);
    free (times);
    return 0;
}
