#include "tools/ctl/list.h"

#include "dns/base/json.h"

enum { MORE_SIZE = 48 /* " and 9 more", with room */ };

void list_text(struct screen_table *table, const json_t *row, const struct column *column)
{
	screen_cell(table, column->colour, "%s", field_text(row, column->key));
}

void list_number(struct screen_table *table, const json_t *row, const struct column *column)
{
	screen_cell(table, column->colour, "%" JSON_INTEGER_FORMAT, field_number(row, column->key));
}

size_t list_show(const json_t *list, const struct column *columns, size_t most)
{
	struct screen_table table = {.right = 0};
	size_t i;
	for (i = 0; columns[i].cell; i++) {
		table.right |= (unsigned)columns[i].right << i;
		if (columns->title)
			screen_cell(&table, SCREEN_DIM, "%s", columns[i].title);
	}
	screen_row_end(&table);
	for (i = 0; i < json_array_size(list) && i < most; i++) {
		for (const struct column *column = columns; column->cell; column++)
			column->cell(&table, json_array_get(list, i), column);
		screen_row_end(&table);
	}
	screen_table_end(&table);
	return i;
}

const char *list_join(const json_t *list, size_t most, char *line, size_t size)
{
	size_t i, used = 0;
	json_t *item;
	*line = '\0';
	json_array_foreach (list, i, item) {
		const char *text = json_string_value(item);
		if (i == most || !text || used + strlen(text) + MORE_SIZE > size)
			break;
		used += (size_t)snprintf(
			line + used, size - used, "%s%s", i ? " " : "", *text ? text : "(none)");
	}
	if (i < json_array_size(list))
		snprintf(line + used, size - used, " and %zu more", json_array_size(list) - i);
	return line;
}
