/* A loop that owns its process: epoll over a timer and a pipe of its own and creel's descriptor. */
#include "creel.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define MILLISECOND 1000000ull

static int released;

static void release(void *data) {
    (void)data;
    released++;
}

/* Sleeps three times, then is done. */
static int nap(void *data, creel_context *context) {
    int *naps = data;
    if (*naps == 3) {
        return CREEL_READY;
    }
    ++*naps;
    creel_wake_after_ns(context, 2 * MILLISECOND);
    return CREEL_PENDING;
}

struct mail {
    _Atomic(creel_waker *) waker;
    atomic_bool arrived;
};

/* Waits until another thread has sent something. */
static int wait_for_mail(void *data, creel_context *context) {
    struct mail *mail = data;
    if (atomic_load(&mail->arrived)) {
        return CREEL_READY;
    }
    if (!atomic_load(&mail->waker)) {
        atomic_store(&mail->waker, creel_waker_new(context));
    }
    return CREEL_PENDING;
}

static void *send_mail(void *data) {
    struct mail *mail = data;
    while (!atomic_load(&mail->waker)) {
        usleep(1000);
    }
    usleep(3000);
    atomic_store(&mail->arrived, true);
    creel_waker_wake(atomic_load(&mail->waker));
    return NULL;
}

static int never(void *data, creel_context *context) {
    (void)data;
    (void)context;
    return CREEL_PENDING;
}

static atomic_int rung;

static void ring(void *data) {
    assert(data == &rung);
    atomic_fetch_add(&rung, 1);
}

static void watch(int epoll, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    assert(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0);
}

int main(void) {
    creel_runtime *runtime = creel_runtime_new();
    assert(runtime);
    creel_runtime_set_wake_hook(runtime, ring, &rung);
    assert(creel_runtime_next_deadline_ns(runtime) == -1);

    int naps = 0;
    struct mail mail = {0};
    creel_task *napping = creel_spawn(runtime, nap, release, &naps);
    creel_task *waiting = creel_spawn(runtime, wait_for_mail, release, &mail);
    creel_task *cancelled = creel_spawn(runtime, never, release, NULL);
    creel_task *left = creel_spawn(runtime, never, release, NULL);
    assert(atomic_load(&rung) == 1); /* once until the next tick */

    int epoll = epoll_create1(0);
    int beat = timerfd_create(CLOCK_MONOTONIC, 0);
    int pipe_ends[2];
    assert(epoll >= 0 && beat >= 0 && pipe(pipe_ends) == 0);
    struct itimerspec every = {{0, 1000000}, {0, 1000000}};
    assert(timerfd_settime(beat, 0, &every, NULL) == 0);
    watch(epoll, creel_runtime_fd(runtime));
    watch(epoll, beat);
    watch(epoll, pipe_ends[0]);

    pthread_t sender;
    assert(pthread_create(&sender, NULL, send_mail, &mail) == 0);

    int beats = 0, letters = 0;
    creel_next next = {CREEL_NOW, 0};
    while (!(creel_task_is_finished(napping) && creel_task_is_finished(waiting) && beats > 3 && letters)) {
        int timeout = next.kind == CREEL_NOW ? 0
                      : next.kind == CREEL_AT ? (int)((next.delay_ns + MILLISECOND - 1) / MILLISECOND)
                                              : -1;
        struct epoll_event events[8];
        int count = epoll_wait(epoll, events, 8, timeout);
        assert(count >= 0);
        for (int i = 0; i < count; i++) {
            char byte[8];
            if (events[i].data.fd == beat) {
                assert(read(beat, byte, sizeof byte) == 8);
                if (++beats == 2) {
                    assert(write(pipe_ends[1], "x", 1) == 1);
                    creel_task_cancel(cancelled);
                }
            } else if (events[i].data.fd == pipe_ends[0]) {
                assert(read(pipe_ends[0], byte, 1) == 1);
                letters++;
            }
        }
        next = creel_runtime_tick(runtime, 64);
    }
    assert(naps == 3);
    assert(creel_task_is_finished(cancelled) && !creel_task_is_finished(left));
    assert(released == 3);
    assert(pthread_join(sender, NULL) == 0);

    creel_runtime_free(runtime);
    assert(released == 4);                   /* the one that was left */
    creel_waker_wake(atomic_load(&mail.waker)); /* outlives task and runtime */
    creel_waker_free(atomic_load(&mail.waker));
    assert(creel_task_is_finished(left));
    creel_task_free(napping);
    creel_task_free(waiting);
    creel_task_free(cancelled);
    creel_task_free(left);
    puts("ok");
    return 0;
}
