import { doctorText } from '../../report/doctor.ts';
import { command } from '../command.ts';
import { storeSettings } from '../job-settings.ts';
import { textOption } from '../option.ts';
import { openOptions, readOptions } from '../options.ts';

const { etcdBin, etcdVersion, scratch } = openOptions;
const tried = { ...readOptions, etcdBin, etcdVersion, scratch };

export const doctor = command({
  name: 'doctor',
  summary: 'try the store, look for programs and space; say how to mend what fails',
  args: '',
  options: {
    ...tried,
    writeConfig: textOption({
      flag: 'write-config',
      value: 'FILE',
      help: 'write the settings that work as a config file; one that is there is never overwritten',
      fallback: null,
      inConfig: false,
    }),
  },
  examples: [
    'snapback doctor',
    'snapback doctor --store s3://my-backups/etcd --s3-endpoint https://minio.example:9000',
    'snapback doctor --store s3://my-backups/etcd --write-config snapback.yaml',
  ],
  run: async ({ settings, sources, texts, env }, context) => {
    // Variables of AWS are often set where the store is a folder.
    const inBucket = /^s3:/i.test(settings.store);
    const given = Object.values(tried)
      .filter(({ flag, inConfig }) => inConfig && (inBucket || !flag.startsWith('s3-')))
      .flatMap(({ flag }) => (texts[flag] ? [[flag, texts[flag]] as const] : []));
    return (await import('../../job/doctor.ts')).doctor(
      {
        store: storeSettings(settings, sources),
        programs: { etcdBin: settings.etcdBin, etcdVersion: settings.etcdVersion, env },
        scratch: settings.scratch,
        config:
          settings.writeConfig === null
            ? null
            : { file: settings.writeConfig, given: Object.fromEntries(given) },
      },
      context,
    );
  },
  text: doctorText,
  quiet: ({ checks }) =>
    checks
      .filter(({ status }) => status === 'fail')
      .map(({ name }) => name)
      .join('\n'),
  verdict: true,
});
