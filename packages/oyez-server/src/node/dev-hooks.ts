import { channelProblem, type ConnectRequest, type HubHooks, personalChannel, Refusal } from 'oyez'

const LONGEST_NAME = 100

/** Development mode: everybody is who they say in `?user=NAME`, and may do everything. */
export const DEV_HOOKS: HubHooks = {
  authenticate: (request) => ({ userId: userOf(request) }),
  authorizeSubscribe: () => true,
  authorizePublish: () => true,
}

function userOf(request: ConnectRequest): string {
  const user = new URL(request.url, 'http://node').searchParams.get('user') ?? ''
  const problem =
    user.length > LONGEST_NAME ? `longer than ${LONGEST_NAME} characters` : channelProblem(personalChannel(user))
  if (problem !== undefined) throw new Refusal(107, `bad request: the user's name is not possible: ${problem}`)
  return user
}
