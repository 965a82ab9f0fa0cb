// The files of Migrations/ and Web/, inside the binary. Paths are relative to this file; a test
// compares the list with the folders.
#include "files.h"

static const unsigned char agent_migration_m001[] = {
#embed "../../../Migrations/agent-m001-create-tables.sql"
};
static const unsigned char migration_m001[] = {
#embed "../../../Migrations/m001-create-tables.sql"
};
static const unsigned char migration_m002[] = {
#embed "../../../Migrations/m002-count-withdrawals.sql"
};
static const unsigned char migration_m003[] = {
#embed "../../../Migrations/m003-serve-the-api.sql"
};
static const unsigned char web_index_html[] = {
#embed "../../../Web/index.html"
};
static const unsigned char web_api_js[] = {
#embed "../../../Web/api.js"
};
static const unsigned char web_app_js[] = {
#embed "../../../Web/app.js"
};
static const unsigned char web_nodes_js[] = {
#embed "../../../Web/nodes.js"
};
static const unsigned char web_style_css[] = {
#embed "../../../Web/style.css"
};
static const unsigned char web_summary_js[] = {
#embed "../../../Web/summary.js"
};
static const unsigned char web_views_js[] = {
#embed "../../../Web/views.js"
};

static const rialto_embedded_file files[] = {
    {"Migrations/agent-m001-create-tables.sql", agent_migration_m001,
     sizeof agent_migration_m001},
    {"Migrations/m001-create-tables.sql", migration_m001, sizeof migration_m001},
    {"Migrations/m002-count-withdrawals.sql", migration_m002, sizeof migration_m002},
    {"Migrations/m003-serve-the-api.sql", migration_m003, sizeof migration_m003},
    {"Web/api.js", web_api_js, sizeof web_api_js},
    {"Web/app.js", web_app_js, sizeof web_app_js},
    {"Web/index.html", web_index_html, sizeof web_index_html},
    {"Web/nodes.js", web_nodes_js, sizeof web_nodes_js},
    {"Web/style.css", web_style_css, sizeof web_style_css},
    {"Web/summary.js", web_summary_js, sizeof web_summary_js},
    {"Web/views.js", web_views_js, sizeof web_views_js},
};

const rialto_embedded_file *rialto_embedded_files(size_t *count) {
  *count = sizeof files / sizeof *files;
  return files;
}
