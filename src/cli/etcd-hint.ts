/** What to do about an etcd that cannot be reached, where the edge knows more than the job: which options were given. */
import { isSnapbackError, type SnapbackError, withHint } from '../errors.ts';
import type { Invocation } from './command.ts';
import type { etcdOptions } from './options.ts';

type Asked = Pick<Invocation<typeof etcdOptions>, 'settings' | 'sources'>;

/**
 * Settles as `job` does. An error about the default endpoint also tells of presets, and one about a certificate file
 * that a preset named asks whether this is a node of that kind; `name` is the command.
 */
export const withEtcdHint = async <T>(name: string, asked: Asked, job: Promise<T>): Promise<T> => {
  try {
    return await job;
  } catch (error) {
    if (!isSnapbackError(error)) throw error;
    throw aboutDefault(name, asked, error) ?? aboutPreset(asked, error) ?? error;
  }
};

const aboutDefault = (name: string, { sources }: Asked, error: SnapbackError): SnapbackError | null => {
  if (sources.endpoints !== 'default' || error.code !== 'etcd' || error.operation !== 'connect') return null;
  const preset = `On a kubeadm node: sudo snapback ${name} --preset kubeadm (k3s and rke2 likewise).`;
  return withHint(error, error.hint ? `${error.hint} ${preset}` : preset);
};

const aboutPreset = ({ settings, sources }: Asked, error: SnapbackError): SnapbackError | null => {
  const files = (['cacert', 'cert', 'key'] as const).filter(name => sources[name] === 'preset');
  if (!files.some(name => error.object.endsWith(` ${settings[name]}`))) return null;
  const code = error.cause instanceof Error && 'code' in error.cause ? error.cause.code : null;
  if (code === 'EACCES' || code === 'EPERM')
    return withHint(error, 'Run it with sudo: only root may read it.');
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return null;
  const node = 'Is this a control-plane node with an etcd of its own?';
  return withHint(
    error,
    `The preset ${settings.preset} expects it there. ${node} Else leave the preset out.`,
  );
};
