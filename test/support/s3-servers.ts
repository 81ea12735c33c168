/** The S3 servers that tests run on: one by default, all with TEST_ALL=1. */
import { needGoProgram } from './go-programs.ts';
import { startMinio } from './minio.ts';
import type { StartS3 } from './s3-process.ts';
import type { S3Server } from './s3-server.ts';
import { startVersitygw } from './versitygw.ts';

export type TestedS3 = {
  name: S3Server['name'];
  /** Its program is not here: the tests skip, and the word has been printed. Never on CI, which fails before. */
  missing: boolean;
  start(options?: StartS3): Promise<S3Server>;
};

const starts = { versitygw: startVersitygw, minio: startMinio };
const names: S3Server['name'][] = process.env.TEST_ALL === '1' ? ['versitygw', 'minio'] : ['versitygw'];

/** To be awaited once, at the top of a test file: `describe.each(await testedS3Servers())('$name', …)`. */
export const testedS3Servers = (): Promise<TestedS3[]> => Promise.all(names.map(tested));

const tested = async (name: S3Server['name']): Promise<TestedS3> => {
  const program = await needGoProgram(name);
  return {
    name,
    missing: program === null,
    start: async options => {
      if (program === null) throw new Error(`${name} is missing; such a test is to be skipped`);
      return starts[name](program, options);
    },
  };
};
