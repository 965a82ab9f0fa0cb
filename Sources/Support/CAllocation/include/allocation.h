// What the C library can do with its heap, which Swift's own import of it leaves out.
#pragma once

#include <stdbool.h>

/// Gives the pages of the heap in which nothing is in use back to the system; whether there were any.
bool rialto_return_free_pages(void);
