#pragma once

#include <stddef.h>

typedef struct {
  const char *path;
  const unsigned char *bytes;
  size_t size;
} rialto_embedded_file;

/// The files of Migrations/ and Web/, by their paths in the repository.
const rialto_embedded_file *rialto_embedded_files(size_t *count);
