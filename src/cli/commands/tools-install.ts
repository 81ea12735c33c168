import { folderOf, toolsInstallText } from '../../report/tools-install.ts';
import { command } from '../command.ts';
import { switchOption } from '../option.ts';

export const toolsInstall = command({
  name: 'tools install',
  summary: 'bring the etcd programs of a minor version into the cache',
  args: '<minor>',
  options: {
    build: switchOption({
      flag: 'build',
      help: 'make them here (Go through the module proxy; Debian for 3.4) in place of fetching the release',
      fallback: false,
    }),
  },
  examples: ['snapback tools install 3.6', 'snapback tools install 3.6 --build'],
  run: async ({ settings, args, env }, context) =>
    (await import('../../job/tools-install.ts')).toolsInstall(
      { minor: args[0] ?? '', build: settings.build, env },
      context,
    ),
  text: toolsInstallText,
  quiet: folderOf,
});
