/** Two S3 servers with keys of their own: one of the options, the other of a location. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { needGoProgram } from './support/go-programs.ts';
import { need } from './support/programs.ts';
import type { S3Server } from './support/s3-server.ts';
import { connection, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';
import { startVersitygw } from './support/versitygw.ts';

const programs = await need('3.6');
const versitygw = await needGoProgram('versitygw');

describe.skipIf(programs === null || versitygw === null)('two S3 servers with different keys', () => {
  let [near, far]: S3Server[] = [];
  let cluster: EtcdCluster;
  let folder: TemporaryFolder;
  let bucket: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    near = await startVersitygw(versitygw ?? '');
    far = await startVersitygw(versitygw ?? '', { tls: true });
    // The same name on both: what tells them apart is the location alone.
    bucket = await near.newBucket();
    await far.newBucket({ name: bucket });
    const keysOf = ({ accessKey, secretKey }: S3Server) =>
      `aws_access_key_id = ${accessKey}\naws_secret_access_key = ${secretKey}\n`;
    await writeFile(
      join(folder.path, 'credentials'),
      `[near]\n${keysOf(near)}[far]\n${keysOf(far)}[other]\n${keysOf(near)}`,
    );
    await writeFile(
      join(folder.path, 'config'),
      `[profile far]\nregion = us-east-1\nendpoint_url = ${far.endpoint}\n[services x]\ns3 =\n  endpoint_url = ${near.endpoint}\n[profile other]\nservices = x\n`,
    );
    cluster = await startEtcd({ etcd: programs?.etcd ?? '', tls: true });
  });

  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await near?.[Symbol.asyncDispose]();
    await far?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /** With the first server's settings in AWS's variables: a region that the second does not have among them. */
  const run = (args: string[], env: NodeJS.ProcessEnv = {}) =>
    snapback([...args, '--cluster', 'prod'], {
      cwd: folder.path,
      env: {
        ...Object.fromEntries(
          Object.keys(process.env).flatMap(name => (/^AWS_|_proxy$/i.test(name) ? [[name]] : [])),
        ),
        AWS_CONFIG_FILE: join(folder.path, 'config'),
        AWS_SHARED_CREDENTIALS_FILE: join(folder.path, 'credentials'),
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_PROFILE: 'near',
        AWS_ENDPOINT_URL_S3: near?.endpoint,
        ...env,
      },
    });
  const ids = async (args: string[], env?: NodeJS.ProcessEnv): Promise<string[]> => {
    const listed = await run(['list', '--json', ...args], env);
    expect(listed).toMatchObject({ code: 0 });
    return JSON.parse(listed.stdout).result.clusters[0].snapshots.map(({ id }: { id: string }) => id);
  };
  const at = (prefix: string, settings = '') => `s3://${bucket}/${prefix}${settings}`;
  const wholly = () => `?endpoint=${far?.endpoint}&ca=${encodeURIComponent(far?.ca ?? '')}&profile=far`;

  it('both get the same snapshot in one save', async () => {
    const also = at('both', wholly());
    const etcd = connection(cluster.settings());
    const saved = await run(['save', '--store', at('both'), '--also', also, '--json', ...etcd]);
    expect(saved).toMatchObject({ code: 0 });
    const { id, stores } = JSON.parse(saved.stdout).result;
    expect(stores).toMatchObject([{ location: at('both') }, { location: also }]);
    expect(await ids(['--store', at('both')])).toEqual([id]);
    expect(await ids(['--store', also])).toEqual([id]);
    expect(saved.stderr).toContain(`${at('both')}/prod/`);
    for (const server of [near, far])
      for (const secret of [server?.secretKey, server?.accessKey])
        expect(saved.stdout + saved.stderr).not.toContain(secret);
  });

  it('a copy goes from one to the other and back, the endpoint from the profile', async () => {
    const ca = `ca=${encodeURIComponent(far?.ca ?? '')}`;
    const etcd = connection(cluster.settings());
    const id = (await run(['save', '--store', at('there'), '--quiet', ...etcd])).stdout.trim();
    const there = at('there', `?profile=far&${ca}`);
    expect(await run(['copy', '--store', at('there'), '--to', there, '--quiet'])).toMatchObject({
      code: 0,
      stdout: `${id}\n`,
    });
    // Without the variables of the first, and with a profile that names its server in a services section.
    const none = { AWS_PROFILE: undefined, AWS_ENDPOINT_URL_S3: undefined };
    const back = ['copy', '--store', there, '--to', at('back', '?profile=other'), '--quiet'];
    expect(await run(back, none)).toMatchObject({ code: 0, stdout: `${id}\n` });
    expect(await ids(['--store', at('back')])).toEqual([id]);
    expect(await ids(['--store', at('back', `?profile=far&${ca}&endpoint=${far?.endpoint}`)])).toEqual([]);
  });

  it('the second inherits neither region nor authority of the first, and a profile that is none is named', async () => {
    const other = { AWS_REGION: 'no-region-1', SNAPBACK_S3_CA: far?.ca ?? '' };
    const from = at('both', '?region=us-east-1');
    const to = ['copy', '--store', from, '--to'];
    const untrusted = await run([...to, at('copied', `?endpoint=${far?.endpoint}&profile=far`)], other);
    expect(untrusted).toMatchObject({ code: 31 });
    expect(untrusted.stderr).toContain('unknown authority');
    expect(await run([...to, at('copied', wholly())], other)).toMatchObject({ code: 0 });
    // With an endpoint and no profile, so with the credentials of the variables.
    const ofFar = ['--to', at('again', `?endpoint=${far?.endpoint}&ca=${far?.ca}`)];
    const nearFirst = ['copy', '--store', at('both', '?region=us-east-1&profile=near'), ...ofFar];
    expect(await run(nearFirst, { ...other, AWS_PROFILE: 'far' })).toMatchObject({ code: 0 });
    const strange = await run(['list', '--store', at('both', '?profile=far')], {
      AWS_CONFIG_FILE: '/nonexistent/config',
    });
    expect(strange).toMatchObject({ code: 31 });
    expect(strange.stderr).toContain('those of the profile far');
    const unknown = await run([...to, at('copied', '?profile=fat')]);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('names the profile "fat"');
    expect(unknown.stderr).toMatch(/Known are .*far/);
  });
});
