import { afterAll, beforeAll, describe } from 'vitest';
import type { S3Server } from './support/s3-server.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { s3Store, useCredentials } from './support/s3-store.ts';
import { storeContract } from './support/store-contract.ts';

for (const { name, missing, start } of await testedS3Servers())
  describe.skipIf(missing)(name, () => {
    let server: S3Server;

    beforeAll(async () => {
      server = await start();
      useCredentials(server);
    });

    afterAll(() => server?.[Symbol.asyncDispose]());

    storeContract(name, () => s3Store(server));
    storeContract(`${name}, with versions and no prefix`, () =>
      s3Store(server, { versioning: true, prefix: '' }),
    );
  });
