import { expect, it } from 'vitest'
import { deniedKind } from '../../../src/bus/redis/rights.ts'

it.each([
  // Redis 6.2 and 7.0
  ["NOPERM this user has no permissions to run the 'hset' command", 'command'],
  ["NOPERM this user has no permissions to run the 'hset' command or its subcommand", 'command'],
  ['NOPERM this user has no permissions to access one of the keys used as arguments', 'key'],
  ['NOPERM this user has no permissions to access one of the channels used as arguments', 'channel'],
  ["ERR The user executing the script can't run this command or subcommand script: e52a", 'command'],
  ["ERR The user executing the script can't access at least one of the keys mentioned in the command arguments", 'key'],
  ["ERR The user executing the script can't publish to the channel mentioned in the command", 'channel'],
  // Redis 7.2, 7.4 and 8, Valkey 7.2, 8 and 9
  ["NOPERM User app has no permissions to run the 'script|load' command", 'command'],
  ["NOPERM User keys has no permissions to run the 'hset' command", 'command'],
  ['NOPERM No permissions to access a key', 'key'],
  ['NOPERM No permissions to access a channel', 'channel'],
  ["NOPERM User app has no permissions to access the 'else:m' key", 'key'],
  ["NOPERM User app has no permissions to access the 'else:p' channel", 'channel'],
  [
    "ERR ACL failure in script: User app has no permissions to run the 'hset' command script: on @user_script:1.",
    'command',
  ],
  ['ERR ACL failure in script: No permissions to access a key script: on @user_script:1.', 'key'],
  ['ERR ACL failure in script: No permissions to access a channel script: on @user_script:1.', 'channel'],
])('the refusal "%s" is about a %s', (message, kind) => {
  expect(deniedKind(message)).toBe(kind)
})
