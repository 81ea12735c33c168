/** The schema of the config file that ships, against the options that there are. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { commands } from '../src/cli/commands.ts';
import { configSchema } from '../src/cli/config-schema.ts';
import { everywhere } from '../src/cli/options.ts';

const file = fileURLToPath(new URL('../snapback.schema.json', import.meta.url));
const loaded = await Promise.all(commands.map(({ load }) => load()));

// One line of shell, to be run in the project's folder once options have changed.
const again = `node --input-type=module -e "
  const { commands } = await import('./src/cli/commands.ts');
  const { configSchema } = await import('./src/cli/config-schema.ts');
  process.stdout.write(configSchema(await Promise.all(commands.map(c => c.load()))));
" > snapback.schema.json`.replaceAll(/\n\s*/g, ' ');

test('snapback.schema.json is what the options make', async () => {
  expect(await readFile(file, 'utf8'), `make it anew on the project's Node: ${again}`).toBe(
    configSchema(loaded),
  );
});

test('it knows every option of a config file and nothing else', () => {
  const { properties, additionalProperties } = JSON.parse(configSchema(loaded));
  expect(additionalProperties).toBe(false);
  expect(properties).toHaveProperty(['keep-daily']);
  expect(properties).toHaveProperty(['log-level'], {
    description: everywhere.logLevel.help,
    enum: ['debug', 'info', 'warn', 'error'],
  });
  expect(properties).not.toHaveProperty(['config']);
});

test('a flag takes a value in every command or in none', () => {
  const kinds = new Map<string, Set<boolean>>();
  for (const { flag, value } of loaded.flatMap(({ options }) => Object.values(options)))
    kinds.set(flag, (kinds.get(flag) ?? new Set()).add(value === null));
  expect([...kinds].filter(([, different]) => different.size > 1)).toEqual([]);
});

test('a key means the same to every command', () => {
  const schemas = new Map<string, Set<string>>();
  for (const option of loaded.flatMap(({ options }) => Object.values(options)))
    if (option.inConfig)
      schemas.set(option.flag, (schemas.get(option.flag) ?? new Set()).add(JSON.stringify(option.schema)));
  expect(schemas.size).toBeGreaterThan(20);
  expect([...schemas].filter(([, different]) => different.size > 1)).toEqual([]);
});
