/** What every gRPC channel of ours has in common. */
import type { ChannelOptions } from '@grpc/grpc-js';
import type { Credentials } from './credentials.ts';
import type { EtcdSettings } from './settings.ts';

export const channelOptions = (settings: EtcdSettings, credentials: Credentials): ChannelOptions => ({
  ...credentials.options,
  // etcdctl uses no HTTP proxy for etcd either; grpc-js would take the one that is meant for the internet.
  'grpc.enable_http_proxy': 0,
  // No TXT look-ups for each name, no silent second tries, no book-keeping of every message.
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_channelz': 0,
  // Finds a member that stops in the middle of a call without a limit. etcd refuses pings that come more often than
  // every five seconds (--grpc-keepalive-min-time).
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': settings.idleTimeout,
});
