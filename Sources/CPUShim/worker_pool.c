// worker_pool.c: threads that take the tiles of one operation at a time.
//
// The caller opens a section, works on its tiles like everybody else, and closes the section when none is
// left. A worker that wakes late finds the section closed and goes back to sleep: nobody waits for a thread
// that the system has not scheduled. Workers spin for some microseconds after a section, so that operations
// in quick succession need no system call, and then sleep.
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "CPURuntime.h"

enum { SPIN_COUNT = 1000 };

struct cpu_pool {
  pthread_mutex_t owner;  // held by the caller that has a section open
  pthread_mutex_t mutex;  // guards everything below that is not atomic
  pthread_cond_t opened, left;
  cpu_tile_function function;
  void *context;
  int64_t count;
  bool is_open, is_stopping;
  _Atomic(int64_t) next, joined;
  _Atomic(uint64_t) section;  // counts sections; workers watch it
  int64_t thread_count;
  pthread_t *threads;
};

typedef struct {
  cpu_pool *pool;
  int64_t worker;
} worker_argument;

static _Thread_local bool inside_tile;

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

int64_t cpu_available_threads(void) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? online : 1;
}

static void take_tiles(cpu_pool *pool, cpu_tile_function function, void *context, int64_t count,
                       int64_t worker) {
  inside_tile = true;
  for (;;) {
    const int64_t tile = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
    if (tile >= count) break;
    function(context, tile, worker);
  }
  inside_tile = false;
}

static void *work(void *opaque) {
  const worker_argument argument = *(worker_argument *)opaque;
  free(opaque);
  cpu_pool *pool = argument.pool;
  uint64_t seen = 0;
  for (;;) {
    for (int spin = 0; spin < SPIN_COUNT; ++spin) {
      if (atomic_load_explicit(&pool->section, memory_order_relaxed) != seen) break;
      pause_briefly();
    }
    pthread_mutex_lock(&pool->mutex);
    while (!pool->is_stopping && atomic_load_explicit(&pool->section, memory_order_relaxed) == seen)
      pthread_cond_wait(&pool->opened, &pool->mutex);
    if (pool->is_stopping) {
      pthread_mutex_unlock(&pool->mutex);
      return NULL;
    }
    seen = atomic_load_explicit(&pool->section, memory_order_relaxed);
    const bool joins = pool->is_open;
    const cpu_tile_function function = pool->function;
    void *context = pool->context;
    const int64_t count = pool->count;
    if (joins) atomic_fetch_add_explicit(&pool->joined, 1, memory_order_relaxed);
    pthread_mutex_unlock(&pool->mutex);
    if (!joins) continue;

    take_tiles(pool, function, context, count, argument.worker);

    pthread_mutex_lock(&pool->mutex);
    if (atomic_fetch_sub_explicit(&pool->joined, 1, memory_order_release) == 1)
      pthread_cond_signal(&pool->left);
    pthread_mutex_unlock(&pool->mutex);
  }
}

cpu_pool *cpu_pool_create(int64_t threads) {
  cpu_pool *pool = calloc(1, sizeof *pool);
  pthread_mutex_init(&pool->owner, NULL);
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->opened, NULL);
  pthread_cond_init(&pool->left, NULL);
  pool->threads = calloc((size_t)(threads > 1 ? threads - 1 : 1), sizeof(pthread_t));
  // A thread that the system refuses is one worker fewer; the caller alone is enough for every result.
  for (int64_t worker = 1; worker < threads; ++worker) {
    worker_argument *argument = malloc(sizeof *argument);
    *argument = (worker_argument){pool, worker};
    if (pthread_create(&pool->threads[pool->thread_count], NULL, work, argument) != 0) {
      free(argument);
      break;
    }
    pool->thread_count += 1;
  }
  return pool;
}

void cpu_pool_destroy(cpu_pool *pool) {
  pthread_mutex_lock(&pool->mutex);
  pool->is_stopping = true;
  atomic_fetch_add(&pool->section, 1);
  pthread_cond_broadcast(&pool->opened);
  pthread_mutex_unlock(&pool->mutex);
  for (int64_t k = 0; k < pool->thread_count; ++k) pthread_join(pool->threads[k], NULL);
  pthread_cond_destroy(&pool->opened);
  pthread_cond_destroy(&pool->left);
  pthread_mutex_destroy(&pool->mutex);
  pthread_mutex_destroy(&pool->owner);
  free(pool->threads);
  free(pool);
}

void cpu_pool_run(cpu_pool *pool, int64_t count, cpu_tile_function function, void *context) {
  if (count <= 1 || pool->thread_count == 0 || inside_tile || pthread_mutex_trylock(&pool->owner) != 0) {
    for (int64_t tile = 0; tile < count; ++tile) function(context, tile, 0);
    return;
  }
  pthread_mutex_lock(&pool->mutex);
  pool->function = function;
  pool->context = context;
  pool->count = count;
  pool->is_open = true;
  atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
  atomic_fetch_add_explicit(&pool->section, 1, memory_order_relaxed);
  pthread_cond_broadcast(&pool->opened);
  pthread_mutex_unlock(&pool->mutex);

  take_tiles(pool, function, context, count, 0);

  pthread_mutex_lock(&pool->mutex);
  pool->is_open = false;
  pthread_mutex_unlock(&pool->mutex);
  // The others are in their last tiles: usually over within the spin.
  for (int spin = 0; spin < SPIN_COUNT; ++spin) {
    if (atomic_load_explicit(&pool->joined, memory_order_acquire) == 0) break;
    pause_briefly();
  }
  pthread_mutex_lock(&pool->mutex);
  while (atomic_load_explicit(&pool->joined, memory_order_acquire) != 0)
    pthread_cond_wait(&pool->left, &pool->mutex);
  pthread_mutex_unlock(&pool->mutex);
  pthread_mutex_unlock(&pool->owner);
}
