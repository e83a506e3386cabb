import { type ConnectRequest, type HubHooks, Refusal } from 'oyez'

const LONGEST_NAME = 100

/** Development mode: everybody is who they say in `?user=NAME`, and may do everything. */
export const DEV_HOOKS: HubHooks = {
  authenticate: (request) => ({ userId: userOf(request) }),
  authorizeSubscribe: () => true,
  authorizePublish: () => true,
}

function userOf(request: ConnectRequest): string {
  const user = new URL(request.url, 'http://node').searchParams.get('user') ?? ''
  if (user.length > LONGEST_NAME || /\p{Cc}|\p{Surrogate}/u.test(user)) {
    throw new Refusal(
      107,
      `bad request: the user's name has control characters or more than ${LONGEST_NAME} characters`,
    )
  }
  return user
}
