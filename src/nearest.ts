import { distance } from 'fastest-levenshtein';

/** The known word that is nearest to a misspelt one, or null where none is near. */
export const nearest = (word: string, known: string[]): string | null => {
  const best = known
    .map(candidate => ({ candidate, far: distance(word, candidate) }))
    .toSorted((a, b) => a.far - b.far)[0];
  return best && best.far <= Math.max(2, word.length / 3) ? best.candidate : null;
};
