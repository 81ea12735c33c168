/** Turns etcd's authentication on. */
import { openClient } from '../../src/etcd/client.ts';
import type { EtcdSettings } from '../../src/etcd/settings.ts';
import type { Secret } from '../../src/secret.ts';

/** Passwords by name. `root` has the root role; the others may read and write every key and no more. */
export type Users = { root: Secret; [name: string]: Secret };

/** `settings` must reach an etcd that asks for no user yet. */
export const enableAuth = async (settings: EtcdSettings, users: Users): Promise<void> => {
  const { signal } = new AbortController();
  await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
  await client.etcd3(
    async ({ auth }, options) => {
      const everything = {
        key: Buffer.from([0]),
        range_end: Buffer.from([0]),
        permType: 'Readwrite' as const,
      };
      await auth.roleAdd({ name: 'root' }, options);
      await auth.roleAdd({ name: 'keys' }, options);
      await auth.roleGrantPermission({ name: 'keys', perm: everything }, options);
      for (const [name, password] of Object.entries(users)) {
        await auth.userAdd({ name, password: password.reveal() }, options);
        await auth.userGrantRole({ user: name, role: name === 'root' ? 'root' : 'keys' }, options);
      }
      await auth.authEnable(options);
    },
    { operation: 'enable authentication', signal },
  );
};
