import { citizenName, otherName, tidyName } from './citizen.ts'
import { Crier } from './crier.ts'
import { Crowd } from './crowd.ts'
import { CryTally } from './cry-tally.ts'
import { NodeWatch } from './node-watch.ts'
import type { Cry } from './payload.ts'
import type { Recovery } from './recovery-count.ts'
import { type Heard, TownLink } from './town-link.ts'
import { shortNode } from './view/colour.ts'
import { Composer } from './view/composer.ts'
import { CrierPanel } from './view/crier-panel.ts'
import { byId } from './view/element.ts'
import { NoticeBoard } from './view/notice-board.ts'
import { PeopleList } from './view/people-list.ts'
import { StatusBar } from './view/status-bar.ts'
import { TowerRow } from './view/tower-row.ts'

/** How often a page says that it is there, in milliseconds; well below the time after which it counts as gone. */
const GREET_MS = 6_000
/** Runs of the crier that are counted at the same time; older ones are forgotten. */
const MAX_RUNS = 8

const self = citizenName(location.search)
const status = new StatusBar()
const board = new NoticeBoard(byId('notices'))
const panel = new CrierPanel()
const crowd = new Crowd(() => performance.now())
const runs = new Map<string, CryTally>()
let latestRun = ''
let leftNode = ''

const link = new TownLink(
  `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/connection/websocket?user=${encodeURIComponent(self)}`,
  {
    onState(state, node) {
      status.show(state, node)
      if (state === 'recovering') {
        leftNode = node
        nodes.markDark(node)
      }
      if (state === 'connected') link.greet()
      drawTown()
    },
    onNotice: ({ from, offset, data }) => board.add({ from, offset, ...data }),
    onEarlier: (notices) => board.addEarlier(notices.map(({ from, offset, data }) => ({ from, offset, ...data }))),
    onLetter: ({ from, offset, data }) =>
      board.add({ from, offset, ...data, letter: { direction: 'from', name: from } }),
    onCry: heardCry,
    onPresence({ from, data }) {
      if (data.gone) crowd.left({ name: from, page: data.page })
      else if (crowd.heard({ name: from, page: data.page, node: data.node })) link.greet()
      drawTown()
    },
    onRecovery: showRecovery,
    onBreak(channel, { reason, last, next }) {
      const text = `Break in ${channel} (${reason}): what came after number ${last.offset} did not all reach you; it goes on behind ${next.offset}.`
      status.alarm(text)
      board.tell(text, 'loud')
    },
    onTrouble: (text) => board.tell(text, 'loud'),
  },
)

const nodes = new NodeWatch(drawTown)
const towers = new TowerRow(byId('towers'), {
  mayKill: () => nodes.isDemo,
  kill: (node) => void kill(node),
})
const composer = new Composer((text, to) => void send(text, to))
const people = new PeopleList(byId('people'), { self, write: (name) => composer.writeTo(name) })
const crier = new Crier({
  cry: (cry) => link.cry(cry),
  progress: ({ cried, stored, refused }) =>
    panel.showStored(`you cried ${cried}; ${stored} are stored${refused > 0 ? `, ${refused} were refused` : ''}`),
  done: () => {
    panel.button.disabled = false
  },
})

function drawTown(): void {
  const present = crowd.present()
  const inhabited = [...present.map(({ node }) => node), link.node]
  towers.show(nodes.towers(inhabited), present, link.node)
  people.show(present, (person) => crowd.silenceOf(person))
  composer.offer(present.map(({ name }) => name).filter((name) => name !== self))
}

function heardCry({ from, data }: Heard<Cry>): void {
  let tally = runs.get(data.run)
  if (!tally) {
    tally = new CryTally(data.run, data.of, data.number)
    runs.set(data.run, tally)
    const oldest = runs.keys().next().value
    if (runs.size > MAX_RUNS && oldest !== undefined) runs.delete(oldest)
    latestRun = data.run
    panel.begin(tally, from)
  }
  const fate = tally.add(data.number)
  if (data.run === latestRun) panel.heard(tally, { number: data.number, fate, node: link.node })
}

function showRecovery({ awayMs, messages, breaks }: Recovery): void {
  const place = link.node === leftNode ? `back on ${shortNode(link.node)}` : `now on ${shortNode(link.node)}`
  const recovered = `recovered ${messages} ${messages === 1 ? 'message' : 'messages'}`
  const lost = breaks === 0 ? '0 lost' : `${breaks} ${breaks === 1 ? 'break' : 'breaks'}, see above`
  const text = `You lost ${shortNode(leftNode)} and are ${place} after ${(awayMs / 1_000).toFixed(1)} s: ${recovered}, ${lost}.`
  status.showRecovery(text)
  board.tell(text, breaks === 0 ? 'good' : 'loud')
}

async function send(text: string, to: string): Promise<void> {
  if (!to) return link.say(text)
  const offset = await link.write(to, text)
  if (offset === undefined) return
  board.add({ from: self, node: link.node, text, offset, letter: { direction: 'to', name: to } })
}

async function kill(node: string): Promise<void> {
  const problem = await nodes.kill(node)
  if (problem) status.alarm(problem)
}

function fillHeader(): void {
  const name = byId<HTMLInputElement>('name')
  const other = otherName(self)
  const otherTab = byId<HTMLAnchorElement>('other-tab')
  name.value = self
  otherTab.href = `?user=${encodeURIComponent(other)}`
  otherTab.textContent = `Open another tab as ${other}`
  document.title = `${self} · The square`
  byId<HTMLFormElement>('name-form').addEventListener('submit', (event) => {
    event.preventDefault()
    const wanted = tidyName(name.value)
    if (wanted) location.search = `?user=${encodeURIComponent(wanted)}`
  })
}

fillHeader()
panel.button.addEventListener('click', () => {
  panel.button.disabled = true
  crier.begin()
})
addEventListener('pagehide', () => link.disconnect())
addEventListener('pageshow', (event) => {
  if (event.persisted) link.connect()
})
setInterval(() => link.greet(), GREET_MS)
setInterval(drawTown, 1_000)
nodes.start()
link.connect()
