#include "allocation.h"

#include <malloc.h>

bool rialto_return_free_pages(void) {
#ifdef __GLIBC__
  return malloc_trim(0) == 1;
#else
  return false;
#endif
}
