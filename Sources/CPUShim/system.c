// system.c: pages and clock.
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "CPURuntime.h"

/// From this size on a block asks for huge pages: they are mapped in at several times the speed of small
/// ones.
static const int64_t huge_page_threshold = 4 << 20;

void *cpu_map_pages(int64_t bytes) {
  void *pages = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return NULL;
#if defined(MADV_HUGEPAGE)
  if (bytes >= huge_page_threshold) madvise(pages, (size_t)bytes, MADV_HUGEPAGE);
#endif
  return pages;
}

void cpu_unmap_pages(void *pages, int64_t bytes) { munmap(pages, (size_t)bytes); }

int64_t cpu_physical_memory(void) { return (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE); }

uint64_t cpu_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}
