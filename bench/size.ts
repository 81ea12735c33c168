/** Sizes as they are typed (`50MiB`, `1GiB`, `2GB`) and printed. */

const units: Record<string, number> = { MB: 1e6, MiB: 2 ** 20, GB: 1e9, GiB: 2 ** 30 };

/** Bytes; throws for what is no size. */
export const parseSize = (text: string): number => {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(MB|MiB|GB|GiB)$/.exec(text) ?? [];
  const bytes = Number(number) * (units[unit ?? ''] ?? Number.NaN);
  if (Number.isNaN(bytes)) throw new Error(`${text} is not a size such as 50MiB, 1GiB or 2GB`);
  return bytes;
};

/** `213 MiB`, with as many places as asked for. */
export const mebibytes = (bytes: number, places = 0): string => (bytes / 2 ** 20).toFixed(places);
