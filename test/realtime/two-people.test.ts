import { expect, test } from 'vitest'
import { startWorld } from '../support/world.js'

test('what one says, the other hears, and a third hears nothing', async () => {
  await using world = await startWorld()
  const [alice, bob, outsider] = await world.people('alice', 'bob', 'outsider')
  const [bobsEar, outsidersEar] = [await bob.connect(), await outsider.connect()]
  const conversation = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })

  const joined = await bobsEar.next('conversation.joined')
  expect(joined.data.conversation).toMatchObject({ id: conversation.id, type: 'direct', peer: { username: 'alice' } })

  const sent = await alice.say(conversation.id, '  hi, Bob \n')
  const heard = await bobsEar.next('message.created')
  expect(heard).toMatchObject({ stream: conversation.id, seq: 4, data: { content: '  hi, Bob \n' } })
  expect(heard.data).toEqual(sent)

  const reply = await bobsEar.command('message.send', {
    conversation_id: conversation.id,
    content: 'hello',
    reply_to_id: sent.id,
  })
  expect(reply).toMatchObject({
    ok: true,
    data: { number: 2, reply_to: { id: sent.id, number: 1, excerpt: '  hi, Bob \n' } },
  })
  // His own device hears him too.
  expect((await bobsEar.next('message.created')).data).toEqual(reply.data)

  await outsider.settled()
  expect(outsidersEar.news.map((frame) => frame.type)).toEqual(['hello', 'user.updated'])
})
