/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Without an argument, every key of the configuration as the
 * collector's table has it: path, kind, least, most, default, words, and
 * whether it is required.  The default of a source is the smallest profile
 * that has it.  With a file's name, what is wrong with that file.
 */
#include "config_set.h"

#include <stdio.h>

static const char *
kind(const struct config_key *k)
{
	static const char *const kinds[] = {
		[CONFIG_SECTION] = "section", [CONFIG_STRING] = "word",
		[CONFIG_BOOL] = "bool", [CONFIG_LIST] = "list",
		[CONFIG_MAP] = "map", [CONFIG_NUMBER] = "number" };

	if (k->source != 0)
		return "source";
	if (k->units == value_time)
		return "duration";
	if (k->units == value_bytes)
		return "size";
	if (k->set == config_set_secret)
		return "secret";
	if (k->set == config_set_thing)
		return "name";
	if (k->set == config_set_path)
		return "path";
	if (k->set == config_set_proxy)
		return "url";
	return kinds[k->type];
}

static const char *
preset(const struct config_key *k)
{
	static const char *const profiles[] = { "minimal", "standard",
		"full", "none" };

	for (size_t i = 0; i < source_table_size; i++)
		if (source_table[i]->id == k->source)
			return profiles[source_table[i]->profile];
	return k->preset == NULL ? "" : k->preset;
}

static void
print_bound(const struct config_key *k, uint32_t value)
{
	char text[VALUE_TEXT_MAX];

	if (k->units != NULL)
		printf("\t%s", value_print(text, k->units, value));
	else
		printf("\t%u", (unsigned)value);
}

static void
print_words(const struct config_key *k)
{
	const char *space = "";

	putchar('\t');
	for (const struct config_choice *o = k->choice;
	    o != NULL && o->word != NULL; o++) {
		printf("%s%s", space, o->word);
		space = " ";
	}
}

int
main(int argc, char **argv)
{
	static struct config config;
	struct config_error error;

	if (argc == 2) {
		const int bad = config_read(&config, argv[1], &error);

		printf("%s%s", error.text, bad ? "\n" : "");
		return bad ? 1 : 0;
	}
	for (const struct config_key *k = config_keys; k->path != NULL; k++) {
		printf("%s\t%s", k->path, kind(k));
		print_bound(k, k->min);
		print_bound(k, k->max);
		printf("\t%s", preset(k));
		print_words(k);
		printf("\t%s\n", k->required ? "required" : "");
	}
	return 0;
}
