/** How text is made to look: handed to every report, so that none of them knows of terminals. */
export type Paint = (text: string) => string;

export type Style = {
  /** Proven. */
  good: Paint;
  /** Failed. */
  bad: Paint;
  /** Look here. */
  look: Paint;
  /** What can be skipped. */
  dim: Paint;
  /** Exact times in place of ages. */
  utc: boolean;
  now: Date;
};
