/** The JSON Schema of snapback.yaml, made of the table of options; it ships with the package for editors. */
import { type Command, optionsOf } from './command.ts';

/** The text of snapback.schema.json: all options that a config file can hold, by name. */
export const configSchema = (commands: Command[]): string => {
  const options = optionsOf(commands)
    .filter(option => option.inConfig)
    .toSorted((a, b) => (a.flag < b.flag ? -1 : 1));
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'snapback.yaml',
    description: 'Options of snapback, as their long flags are called without the dashes.',
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(
      options.map(option => [option.flag, { description: option.help, ...option.schema }]),
    ),
  };
  // Lists of words on one line, as the project's formatter writes them.
  const text = JSON.stringify(schema, null, 2).replaceAll(/\[[^[\]{}]*\]/g, list =>
    list
      .replaceAll(/\s*\n\s*/g, ' ')
      .replace('[ ', '[')
      .replace(' ]', ']'),
  );
  return `${text}\n`;
};
