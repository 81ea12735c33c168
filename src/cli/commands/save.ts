import { saveText } from '../../report/save.ts';
import { command } from '../command.ts';
import { withEtcdHint } from '../etcd-hint.ts';
import { etcdSettings, recipientsFile, signKey, storeSettings } from '../job-settings.ts';
import { choiceOption, listOption, switchOption, textOption } from '../option.ts';
import { contentOptions, etcdOptions, recipientOptions, storeOptions } from '../options.ts';
import { fromOf, labelsOf } from '../save-settings.ts';
import { signOptions } from '../signature-options.ts';

export const save = command({
  name: 'save',
  summary: 'take a snapshot, store it, print its id',
  args: '',
  options: {
    ...etcdOptions,
    ...storeOptions,
    also: listOption({
      flag: 'also',
      value: 'LOCATION',
      help: 'one more store that gets the same snapshot, in one read of etcd; may be repeated (at another S3 server: s3://BUCKET/PREFIX?endpoint=URL&profile=NAME)',
      fallback: [],
    }),
    require: choiceOption({
      flag: 'require',
      choices: ['all', 'any'] as const,
      help: 'what is a success with --also: that every store has it, or that one has (default: all)',
      fallback: 'all',
    }),
    ...recipientOptions,
    ...signOptions,
    fingerprint: choiceOption({
      flag: 'fingerprint',
      choices: ['auto', 'on', 'off'] as const,
      help: 'ask etcd for HashKV: auto up to 512 MiB in use, on at any size (default: auto)',
      fallback: 'auto',
    }),
    check: choiceOption({
      flag: 'check',
      choices: ['off', 'content'] as const,
      help: 'content lays the database down IN CLEAR in the scratch folder, reads it through as `verify --level content` does, and stores nothing that is not sound (default: off)',
      fallback: 'off',
    }),
    scratch: contentOptions.scratch,
    compression: choiceOption({
      flag: 'compression',
      choices: ['zstd', 'none'] as const,
      help: 'how the object is compressed (default: zstd)',
      fallback: 'zstd',
    }),
    from: textOption({
      flag: 'from',
      value: 'leader|follower|URL',
      help: 'the member that serves the snapshot, and no other (default: a healthy follower)',
      fallback: null,
    }),
    noDiscover: switchOption({
      flag: 'no-discover',
      help: 'ask no other member than those at the endpoints',
      fallback: false,
    }),
    allowNoQuorum: switchOption({
      flag: 'allow-no-quorum',
      help: 'save although the newest writes may be missing; the manifest records it',
      fallback: false,
    }),
    acceptClusterId: textOption({
      flag: 'accept-cluster-id',
      value: 'ID',
      help: 'take this etcd cluster for the right one although another was saved here',
      fallback: null,
      inConfig: false,
    }),
    label: listOption({
      flag: 'label',
      value: 'KEY=VALUE',
      help: 'a label for the manifest; may be repeated',
      fallback: [],
    }),
  },
  examples: [
    'sudo snapback save --preset kubeadm --store file:///var/backups/etcd --cluster prod',
    'snapback save --endpoints https://10.0.0.11:2379 --cacert ca.crt --cert client.crt --key client.key',
    'snapback save --store file:///var/backups/etcd --cluster prod --recipient age1…',
    'snapback save --store /var/backups/etcd --also /mnt/nas/etcd --require any',
    "snapback save --store s3://backups/etcd --also 's3://offsite/etcd?endpoint=https://minio.example:9000&profile=minio'",
    'id=$(snapback save --quiet)',
  ],
  run: async ({ settings, sources }, context) => {
    const job = (await import('../../job/save.ts')).save(
      {
        etcd: etcdSettings(settings),
        store: storeSettings(settings, sources, settings.also),
        also: settings.also,
        require: settings.require,
        acceptClusterId: settings.acceptClusterId,
        allowNoQuorum: settings.allowNoQuorum,
        discover: !settings.noDiscover,
        from: fromOf(settings.from),
        fingerprint: settings.fingerprint,
        check: settings.check,
        scratch: settings.scratch,
        compression: settings.compression,
        recipients: settings.recipient,
        recipientsFile: recipientsFile(settings.recipientsFile),
        signKey: signKey(settings.signKey),
        labels: labelsOf(settings.label),
      },
      context,
    );
    return withEtcdHint('save', { settings, sources }, job);
  },
  text: saveText,
  quiet: result => result.id,
  nothing: 'Nothing was stored.',
});
