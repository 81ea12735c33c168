import { copyQuiet, copyText } from '../../report/copy.ts';
import { command } from '../command.ts';
import { identities, recipientsFile, signKey, storeSettings } from '../job-settings.ts';
import { switchOption, textOption, wordOption } from '../option.ts';
import { openOptions, recipientOptions, snapshotOptions } from '../options.ts';
import { signOptions } from '../signature-options.ts';
import { toTime } from '../time.ts';

export const copy = command({
  name: 'copy',
  summary: 'bring snapshots from one store to another',
  args: '[snapshot...]',
  options: {
    ...snapshotOptions,
    to: textOption({
      flag: 'to',
      value: 'LOCATION',
      help: 'the store that gets what it lacks (at another S3 server: s3://BUCKET/PREFIX?endpoint=URL&profile=NAME)',
      fallback: null,
    }),
    since: wordOption<Date, null>({
      flag: 'since',
      value: 'TIME',
      help: 'only those of this time or later (RFC 3339, a date, or a duration ago)',
      parse: text => toTime(text),
      fallback: null,
    }),
    verifiedOnly: switchOption({
      flag: 'verified-only',
      help: 'only those that a drill has proven',
      fallback: false,
    }),
    ...recipientOptions,
    ...signOptions,
    identity: openOptions.identity,
    dryRun: switchOption({
      flag: 'dry-run',
      help: 'say what would be copied and write nothing',
      fallback: false,
      inConfig: false,
    }),
  },
  examples: [
    'snapback copy --store /var/backups/etcd --to /mnt/nas/etcd',
    'snapback copy --to /mnt/usb --since 7d --verified-only',
    'snapback copy latest --to /mnt/usb --dry-run',
    "snapback copy --store s3://backups/etcd --to 's3://offsite/etcd?endpoint=https://minio.example:9000&profile=minio'",
    'snapback copy --to /mnt/nas/etcd --recipient age1… --identity old-key.txt',
  ],
  run: async ({ settings, sources, args }, context) => {
    // Those of the config file are for what save stores: they must not turn a copy into another snapshot.
    const recipients = sources.recipient === 'flag' ? settings.recipient : [];
    const file = sources.recipientsFile === 'flag' ? settings.recipientsFile : null;
    const anew = recipients.length > 0 || file !== null;
    return (await import('../../job/copy.ts')).copy(
      {
        store: storeSettings(settings, sources, settings.to === null ? [] : [settings.to]),
        to: settings.to,
        snapshots: args,
        before: settings.before,
        since: settings.since,
        verifiedOnly: settings.verifiedOnly,
        dryRun: settings.dryRun,
        recipients,
        recipientsFile: recipientsFile(file),
        identities: anew || sources.identity === 'flag' ? identities(settings.identity) : [],
        signKey: anew || sources.signKey === 'flag' ? signKey(settings.signKey) : null,
      },
      context,
    );
  },
  text: copyText,
  quiet: copyQuiet,
  nothing: 'Nothing was copied.',
});
