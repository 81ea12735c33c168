/** True for a SNAPSHOT that is a path: it has a slash, or ends as files of snapshots do. */
export const isFile = (argument: string): boolean =>
  argument.includes('/') || /\.(db|zst|gz|age)$/.test(argument);
