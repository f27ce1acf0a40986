import type { FileTexts } from './files-en.js'
import { pluralOf } from './plural.js'

const many = pluralOf('ar')
const numberOf = (count: number) => many(count, { other: '{n}' })

export const files: FileTexts = {
  files: {
    attach: 'إرفاق ملفات',
    tray: 'ملفات هذه الرسالة',
    drop: 'أفلت الملفات هنا لإرسالها',
    remove: (name) => `إزالة ${name}`,
    cancel: (name) => `إلغاء ${name}`,
    retry: (name) => `إعادة محاولة ${name}`,
    progress: (name) => `تقدّم رفع ${name}`,
    waiting: 'في الانتظار',
    taking: 'قيد الفحص',
    ready: (here, all) =>
      many(all, {
        one: here === all ? 'الملف جاهز.' : 'الملف في الطريق.',
        two: `${numberOf(here)} من ملفين جاهز.`,
        few: `${numberOf(here)} من {n} ملفات جاهز.`,
        many: `${numberOf(here)} من {n} ملفًا جاهز.`,
        other: `${numberOf(here)} من {n} ملف جاهز.`,
      }),
    refused: (count) =>
      many(count, {
        one: 'لم يُقبل ملف واحد.',
        two: 'لم يُقبل ملفان.',
        few: 'لم تُقبل {n} ملفات.',
        many: 'لم يُقبل {n} ملفًا.',
        other: 'لم يُقبل {n} ملف.',
      }),
    held: 'تُرسل هذه الرسالة فور وصول ملفاتها.',
    surplus: (count) =>
      many(count, {
        one: 'للرسالة عشرة ملفات على الأكثر: تُرك ملف واحد.',
        two: 'للرسالة عشرة ملفات على الأكثر: تُرك ملفان.',
        few: 'للرسالة عشرة ملفات على الأكثر: تُركت {n} ملفات.',
        many: 'للرسالة عشرة ملفات على الأكثر: تُرك {n} ملفًا.',
        other: 'للرسالة عشرة ملفات على الأكثر: تُرك {n} ملف.',
      }),
    empty: 'لا شيء في هذا الملف.',
    noneHere: 'لا تُرسل ملفات في هذه المحادثة.',
    onlyKinds: (kinds) => `لا يُرسل في هذه المحادثة إلا: ${kinds}.`,
    tooLarge: (size) => `حجم الملف في هذه المحادثة ${size} على الأكثر.`,
    gallery: (count) =>
      many(count, { one: 'صورة واحدة', two: 'صورتان', few: '{n} صور', many: '{n} صورة', other: '{n} صورة' }),
    preparing: 'قيد التحضير',
    noPreview: 'لا معاينة',
    removed: 'أُزيل هذا الملف.',
    elsewhere: 'هذا الملف محفوظ لدى خدمة أخرى.',
    download: 'تنزيل',
    open: (name, at, all) => (all > 1 ? `عرض ${name} مكبّرة، ${numberOf(at)} من ${numberOf(all)}` : `عرض ${name} مكبّرة`),
    film: (name) => `فيديو ${name}`,
    play: 'تشغيل',
    pause: 'إيقاف مؤقت',
    position: 'الموضع',
    positionOf: (at, length) => `${at} من ${length}`,
    errors: {
      'attachment.too_large': 'هذا الملف أكبر مما يقبله الخادم.',
      'attachment.quota_exceeded': 'لا مكان لمزيد من ملفاتك. أزل ما لا تحتاج إليه.',
      'attachment.type_not_allowed': 'لا تُقبل ملفات من هذا النوع.',
      'attachment.not_allowed_here': 'لا تقبل هذه المحادثة ملفات من هذا النوع أو الحجم.',
      'attachment.unreadable': 'هذا الملف تالف، أو ليس ما يقوله اسمه.',
      'attachment.too_many_pixels': 'في هذه الصورة نقاط أكثر من اللازم.',
      'attachment.metadata_stays': 'صورة كهذه تكشف أين التُقطت. أرسلها بصيغة JPEG أو PNG.',
      'attachment.not_found': 'أحد الملفات لم يعد موجودًا. أرفقه مجددًا.',
      'attachment.in_use': 'أحد الملفات في رسالة أخرى بالفعل. أرفقه مجددًا.',
      'upload.too_many': 'ملفات كثيرة في الطريق. انتظر بعضها.',
      'upload.expired': 'استغرق هذا وقتًا طويلًا. حاول مجددًا.',
      'upload.stalled': 'لم يصل شيء منذ مدة. حاول مجددًا.',
      'voice.denied': 'لا يسمح المتصفح لهذه الصفحة باستخدام الميكروفون. اسمح به في إعدادات الصفحة.',
      'voice.missing': 'لا ميكروفون تستطيع هذه الصفحة استخدامه.',
      'voice.failed': 'لا يمكن استخدام الميكروفون الآن. ربما يستخدمه برنامج آخر.',
    },
  },
  viewer: {
    stage: 'الصورة: زائد وناقص يغيّران حجمها، والأسهم تحرّكها',
    picture: (name) => `صورة ${name}`,
    of: (at, all) => `${numberOf(at)} من ${numberOf(all)}`,
    smaller: 'تصغير',
    larger: 'تكبير',
    before: 'الصورة السابقة',
    after: 'الصورة التالية',
  },
  voice: {
    record: 'تسجيل رسالة صوتية',
    asking: 'في انتظار الميكروفون',
    recording: 'جارٍ تسجيل رسالة صوتية',
    length: 'المدة',
    cancel: 'تجاهل التسجيل',
    send: 'إرسال الرسالة الصوتية',
  },
}
