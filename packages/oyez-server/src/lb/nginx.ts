import { isIP } from 'node:net'
import type { BalancedNode, BalancerOptions } from './balancer-options.ts'

const HEAD = `# nginx in front of oyez. Put this file into /etc/nginx/conf.d/ and check it with: nginx -t
# Works with the open-source nginx of Debian 12 (1.22) and later.
`

const UPGRADE = `
# A WebSocket begins as an upgrade; everything else may reuse its connection to the node.
map $http_upgrade $oyez_connection {
    default upgrade;
    ''      '';
}
`

/** An nginx configuration file for the http context (`conf.d`). */
export function nginxConfig(nodes: readonly BalancedNode[], options: BalancerOptions): string {
  switch (options.affinity) {
    case 'cookie':
      return HEAD + UPGRADE + cookieUpstreams(nodes) + server(options, 'http://$oyez_target', SET_COOKIE)
    case 'ip':
      return HEAD + UPGRADE + oneUpstream(nodes, IP_HASH) + server(options, 'http://oyez', '')
    case 'none':
      return HEAD + UPGRADE + oneUpstream(nodes, LEAST) + server(options, 'http://oyez', '')
  }
}

const LEAST = `    # The node with the fewest connections gets the next one.
    least_conn;
`
const IP_HASH = `    # The same client address, the same node. For IPv4 the first three numbers of the address count, so that
    # neighbours share a node; clients behind one proxy all do. A node that is down is skipped.
    ip_hash;
`

function oneUpstream(nodes: readonly BalancedNode[], method: string): string {
  return `
upstream oyez {
${method}${nodes.map(({ address }) => `    ${upstreamServer(address)};\n`).join('')}    keepalive 32;
}
`
}

/**
 * A cookie names the node; each node has an upstream of its own in which the others are the backup, so a cookie that names a dead node costs one
 * refused connection and nothing else.
 */
function cookieUpstreams(nodes: readonly BalancedNode[]): string {
  const byAddress = nodes.every(({ address }) => isIP(hostOf(address)) !== 0)
  const share = (100 / nodes.length).toFixed(2)
  return `
# Affinity by cookie. The commercial NGINX Plus has one line for it,
#     sticky cookie oyez_node path=/ httponly;
# which the parser of open-source nginx refuses (unknown directive "sticky"). What follows does the same.

# A client without a cookie gets a node by chance.
split_clients $request_id $oyez_chance {
${nodes.map(({ name }, index) => `    ${(index === nodes.length - 1 ? '*' : `${share}%`).padEnd(8)}oyez_${name};\n`).join('')}}

# A client with a cookie gets the node that it names. Only names that are listed here count.
map $cookie_oyez_node $oyez_target {
    default $oyez_chance;
${nodes.map(({ name }) => `    ${name.padEnd(7)} oyez_${name};\n`).join('')}}

# Every node first in an upstream of its own: when it does not answer, the others take over at once.
${nodes.map((node) => ownUpstream(node, nodes)).join('\n')}
${byAddress ? servedByAddress(nodes) : servedByChoice(nodes)}
# The cookie is sent when it changes, not with every answer; never when no node answered.
map "$cookie_oyez_node/$oyez_served" $oyez_set_cookie {
    "~/$"           '';
    "~^([^/]*)/\\1$" '';
    default         "oyez_node=$oyez_served; Path=/; HttpOnly; SameSite=Lax";
}
`
}

function ownUpstream(own: BalancedNode, nodes: readonly BalancedNode[]): string {
  const others = nodes.filter(({ name }) => name !== own.name)
  return `upstream oyez_${own.name} {
    ${upstreamServer(own.address)};
${others.map(({ address }) => `    ${upstreamServer(address)} backup;\n`).join('')}    keepalive 32;
}
`
}

function servedByAddress(nodes: readonly BalancedNode[]): string {
  return `# The node that really answered (the last address when several were tried): after a failure the client stays with its new node.
map $upstream_addr $oyez_served {
${nodes.map(({ name, address }) => `    "~(^|[ ,])${escaped(address)}$" ${name};\n`).join('')}    default '';
}
`
}

function servedByChoice(nodes: readonly BalancedNode[]): string {
  return `# nginx knows the nodes by host name and the connection by address, so the cookie names the node that was chosen. While that node is
# down its clients are spread over the others; give the nodes by address to let them stay with the one that took over.
map $oyez_target $oyez_served {
${nodes.map(({ name }) => `    oyez_${name} ${name};\n`).join('')}}
`
}

const SET_COOKIE = `
        # "always", because the answer to an upgrade is a 101.
        add_header Set-Cookie $oyez_set_cookie always;
`

function server({ listen }: BalancerOptions, target: string, extra: string): string {
  return `
server {
    listen ${listen};

    location / {
        proxy_pass ${target};
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $oyez_connection;

        # The node compares the page's origin with the host that the browser asked for.
        proxy_set_header Host $http_host;
        # Overwritten, not appended to: a client could have made up the beginning. Behind another proxy that you trust, use
        # $proxy_add_x_forwarded_for.
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;

        # nginx cuts a WebSocket that is silent for this long (60 s by itself). oyez pings every 25 s.
        proxy_read_timeout 1h;
        proxy_send_timeout 1h;
        proxy_buffering off;

        # A dead node is found here, not by the client.
        proxy_connect_timeout 2s;
        proxy_next_upstream error timeout;
${extra}    }
}
`
}

/** After one failure a node is left alone for 5 s. */
function upstreamServer(address: string): string {
  return `server ${address} max_fails=1 fail_timeout=5s`
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1')
}

function escaped(address: string): string {
  return address.replaceAll(/[.[\]]/g, '\\$&')
}
