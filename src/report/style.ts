/** How text is made to look: handed to every report, so that none of them knows of terminals. */
export type Paint = (text: string) => string;

/** Colour has meaning only: the same words are printed without it. */
export type Paints = {
  /** Proven. */
  good: Paint;
  /** Failed. */
  bad: Paint;
  /** Look here. */
  look: Paint;
  /** What can be skipped. */
  dim: Paint;
};

export type Style = Paints & {
  /** Exact times in place of ages. */
  utc: boolean;
  now: Date;
  /** How wide the terminal is; null where there is none. */
  columns: number | null;
};
