import { pluralOf } from './plural.js'
import type { TranscriptTexts } from './transcript-en.js'

const many = pluralOf('ar')

export const transcript: TranscriptTexts = {
  transcript: {
    new: 'رسائل جديدة',
    message: (name, text, time) => `${name}: ${text}، ${time}`,
    sent: 'أُرسلت',
    delivered: 'وصلت',
    read: 'قُرئت',
    notThere: 'لم تعد هذه الرسالة هنا.',
    comma: '، ',
    typing: (count, names) => many(count, { two: `${names} يكتبان الآن…`, other: `${names} يكتب الآن…` }),
    typingMany: (names, others) =>
      many(others, {
        one: `${names} وشخص آخر يكتبون الآن…`,
        two: `${names} وشخصان آخران يكتبون الآن…`,
        few: `${names} و{n} آخرون يكتبون الآن…`,
        other: `${names} و{n} آخرون يكتبون الآن…`,
      }),
    arrivedOne: (name, text) => `رسالة جديدة من ${name}: ${text}`,
    arrived: (count, names) =>
      many(count, {
        one: `رسالة جديدة من ${names}`,
        two: `رسالتان جديدتان من ${names}`,
        few: `{n} رسائل جديدة من ${names}`,
        many: `{n} رسالة جديدة من ${names}`,
        other: `{n} رسالة جديدة من ${names}`,
      }),
    andOthers: (name) => `${name} وآخرين`,
  },
  actions: {
    menu: 'ما يمكن فعله بهذه الرسالة',
    reply: 'رد',
    endReply: 'إلغاء الرد',
    showQuoted: 'عرض الرسالة الأصلية',
    copy: 'نسخ النص',
    copied: 'نُسخ النص.',
    notCopied: 'لا يسمح المتصفح بالنسخ. حدّد النص بدلًا من ذلك.',
    edit: 'تعديل',
    editing: 'تعديل الرسالة',
    endEdit: 'إبقاؤها كما كانت',
    save: 'حفظ',
    details: 'التفاصيل',
    delete: 'حذف…',
    deleteTitle: 'حذف هذه الرسالة؟',
    deleteText: 'للجميع: يضيع نصها نهائيًا. لك وحدك: يظل الآخرون يرونها.',
    deleteForMeText: 'تختفي عندك وحدك، ويظل الآخرون يرونها.',
    deleteForMe: 'الحذف لي',
    deleteForAll: 'الحذف للجميع',
    from: 'من',
    sentAt: 'أُرسلت',
    editedAt: 'عُدّلت',
    seenBy: 'من وصلته',
    seenByNobody: 'لا أحد غيرك هنا.',
    readAt: (time) => `قُرئت ${time}`,
    deliveredAt: (time) => `وصلت ${time}`,
    notYet: 'لم تصل بعد',
    more: 'عرض المزيد',
  },
}
