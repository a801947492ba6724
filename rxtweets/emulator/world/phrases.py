"""What people of the emulated world say: sentences about a topic (``{}``), remarks that go with any."""

from __future__ import annotations

import re

from msgspec import Struct


class Tongue(Struct, frozen=True):
    """A language: how often it is heard, its sentences with room for a topic, remarks, and topics."""

    weight: int
    about: tuple[str, ...]
    remarks: tuple[str, ...]
    topics: tuple[str, ...]

    def sentence(self, about: str, topic: str) -> str:
        """The sentence about the topic; only what isn't a word keeps a blank before punctuation."""
        if topic[-1].isalnum():
            for mark in ",.!":
                about = about.replace(f"{{}} {mark}", f"{{}}{mark}")
        return about.replace("{}", topic)


TONGUES: dict[str, Tongue] = {
    "en": Tongue(
        40,
        (
            "Anyone else spending the whole evening on {} ?",
            "Just read a long piece about {} and my view has changed completely.",
            "Hot take: {} is better than most people think.",
            "Can't stop thinking about {} today",
            "{} , but make it simple. That's all I ask.",
            "We talked about {} for three hours and agreed on nothing 😂",
            "Breaking: {} is all over my timeline again.",
            "My weekend plan: coffee, rain and {} .",
            "Nothing but {} & coffee today <3",
            "Five years ago nobody had heard of {} . Look where we are now.",
            "Does anybody have a good introduction to {} for a friend of mine?",
        ),
        (
            "What do you think?",
            "More tomorrow.",
            "Thread below 👇",
            "I'll write the whole story down one day, with pictures, because nobody believes it otherwise.",
            "Honestly, the best part was meeting everybody again after such a long time.",
            "No further questions.",
            "Q&A tonight -> link in bio.",
        ),
        (
            "the new season",
            "open source",
            "sourdough",
            "night trains",
            "the election",
            "chess",
            "#MondayMotivation",
        ),
    ),
    "ja": Tongue(
        28,
        (
            "今日はずっと {} の話をしていた",
            "{} が好きすぎて眠れない😋",
            "やっと {} に行けた！最高でした✨",
            "みんな {} についてどう思う？",
            "朝から {} のことばかり考えている。",
            "初心者だけど {} を始めてみました。",
        ),
        (
            "また明日！",
            "写真は後で上げます📷",
            "教えてくれた友達に感謝。本当にありがとう😊",
            "おやすみなさい。",
            "次は絶対に一緒に行こうね。約束だよ。",
        ),
        ("桜", "ラーメン", "新しいアニメ", "京都", "野球", "#写真好きな人と繋がりたい"),
    ),
    "es": Tongue(
        10,
        (
            "¿Alguien más lleva todo el día pensando en {} ?",
            "Lo mejor de hoy: {} , sin duda.",
            "Nunca pensé que {} me fuera a gustar tanto",
            "Mañana hablamos de {} en la radio, a las nueve.",
            "Otra vez {} … no me lo puedo creer 😅",
        ),
        (
            "¿Qué opinan?",
            "Gracias a todos los que vinieron ayer, fue una noche inolvidable.",
            "Abro hilo 🧵",
            "Buenas noches.",
        ),
        ("fútbol", "cine español", "tortilla", "política", "#Madrid"),
    ),
    "pt": Tongue(
        8,
        (
            "Alguém mais acordou pensando em {} ?",
            "Hoje o dia foi de {} e muito café ☕",
            "Gente, {} é bom demais!",
            "Não aguento mais ouvir falar de {} kkkk",
        ),
        (
            "Boa noite a todos!",
            "Amanhã conto mais, porque a história é longa e eu estou com sono.",
            "O que vocês acham?",
        ),
        ("futebol", "praia", "novela", "#Brasil"),
    ),
    "fr": Tongue(
        6,
        (
            "Encore une soirée à parler de {} …",
            "Je ne savais pas que {} me plairait autant",
            "Petit rappel : {} , c'est aujourd'hui !",
            "Quelqu'un pour m'expliquer {} ? Merci d'avance 🙏",
        ),
        ("Bonne nuit !", "On en reparle demain matin autour d'un café, promis.", "Qu'en pensez-vous ?"),
        ("cinéma", "rugby", "politique", "#Paris"),
    ),
    "de": Tongue(
        5,
        (
            "Heute den ganzen Tag nur {} im Kopf.",
            "Kann mir jemand {} erklären? Frage für einen Freund.",
            "Endlich Zeit für {} , schönes Wochenende!",
            "Über {} könnte ich stundenlang reden 😄",
        ),
        ("Was meint ihr?", "Morgen mehr dazu, wenn der Zug ausnahmsweise pünktlich ist.", "Gute Nacht."),
        ("den Tatort", "die Bahn", "das Wetter", "#Berlin"),
    ),
    "it": Tongue(
        4,
        (
            "Stasera si parla di {} , vi aspetto!",
            "Ma quanto è bello {} ?",
            "Ancora {} , non ci posso credere 😍",
        ),
        ("Buonanotte a tutti.", "Domani vi racconto com'è andata, con calma e con qualche foto."),
        ("calcio", "caffè", "#Roma"),
    ),
    "tr": Tongue(
        4,
        ("Bugün herkes {} konuşuyor.", "Sabahtan beri {} düşünüyorum 😊", "{} olmadan hafta sonu olmaz!"),
        ("İyi geceler.", "Yarın görüşürüz, fotoğrafları akşam paylaşırım."),
        ("maç", "çay", "#İstanbul"),
    ),
    "in": Tongue(
        4,
        (
            "Siapa yang hari ini juga sibuk dengan {} ?",
            "Akhirnya bisa menikmati {} 😍",
            "Ngomongin {} terus dari pagi",
        ),
        ("Selamat malam semuanya.", "Nanti aku cerita lebih panjang, sekarang hujan deras sekali."),
        ("kopi", "hujan", "#Jakarta"),
    ),
    "ko": Tongue(
        5,
        ("오늘 하루 종일 {} 이야기만 했다", "드디어 {} 보러 왔어요 ㅎㅎ", "여러분 {} 어떻게 생각하세요?"),
        ("좋은 밤 되세요.", "사진은 내일 올릴게요, 오늘은 너무 피곤해서 먼저 자러 갑니다."),
        ("콘서트", "커피", "#서울"),
    ),
    "ar": Tongue(
        4,
        ("اليوم كله عن {} تقريبا", "ما رأيكم في {} ؟", "لا أستطيع التوقف عن التفكير في {} 😂"),
        ("تصبحون على خير.", "غدا أحكي لكم القصة كاملة مع الصور إن شاء الله."),
        ("القهوة", "المباراة", "#الرياض"),
    ),
    "ru": Tongue(
        4,
        ("Весь день думаю про {} , и не зря.", "Кто ещё смотрел {} вчера вечером?", "Наконец-то {} ! Ура 🎉"),
        ("Всем спокойной ночи.", "Завтра расскажу подробнее, сегодня уже совсем нет сил."),
        ("футбол", "новый сезон", "#Москва"),
    ),
    "hi": Tongue(
        3,
        ("आज सुबह से {} के बारे में सोच रहा हूँ", "क्या आपने {} के बारे में सुना? 🙏", "{} सबसे अच्छा है !"),
        ("शुभ रात्रि।", "कल पूरी कहानी सुनाऊँगा, तस्वीरों के साथ।"),
        ("क्रिकेट", "चाय", "#दिल्ली"),
    ),
    "zh-CN": Tongue(
        3,
        ("今天一直在聊 {} ，停不下来", "大家觉得 {} 怎么样？", "终于等到 {} 了！🎉"),
        ("晚安。", "明天再把整个故事和照片发上来，今天实在太累了。"),
        ("天气", "足球", "新电影", "#摄影"),
    ),
    "zh-TW": Tongue(
        1,
        ("今天一直在聊 {} ，停不下來", "大家覺得 {} 怎麼樣？", "終於等到 {} 了！🎉"),
        ("晚安。", "明天再把整個故事和照片發上來，今天實在太累了。"),
        ("天氣", "夜市", "新電影", "#攝影"),
    ),
    "th": Tongue(
        2,
        ("วันนี้คุยเรื่อง {} ทั้งวัน", "ใครชอบ {} บ้าง 😊"),
        ("ฝันดีนะ",),
        ("กาแฟ", "#กรุงเทพ"),
    ),
}


def tongue(lang: str) -> Tongue:
    """Return the language of that code; English for one that nobody here speaks."""
    return TONGUES.get("zh-CN" if lang == "zh" else lang, TONGUES["en"])


BIOS: dict[str, tuple[str, ...]] = {
    "en": (
        "Opinions my own.",
        "Coffee first ☕ | he/him",
        "Journalist. Tips: DM.",
        "Bikes & books.",
        "Mother of two, runner, reader of everything.",
        "Software, synths, sourdough.",
        "Photographs of trains. All of them mine.",
        "PhD student in ecology, usually knee-deep in a pond 🌱",
        "No DMs please",
        "I write about cities, maps and how people get from one end of them to the other.",
    ),
    "ja": (
        "元野球部マネージャー❤︎最高の夏をありがとう",
        "無言フォローはあまり好みません🙏ゲームと動画が好きです。よろしくお願いします",
        "プリキュア好きのサラリーマンです。好きな映画は毎年変わります。ご質問は固定ツイートからどうぞ",
        "写真と旅行と猫🐈気軽に絡んでください",
        "高校三年生／バスケ部／受験生なので低浮上",
        "毎日ご飯を作って食べるだけのアカウントです。たまに日記も書きます",
    ),
    "es": (
        "Amante del cine y del mar 🌊",
        "Periodista. Aquí, sobre todo, fútbol y quejas del metro.",
        "Profesora de historia; los domingos, paella.",
        "Opiniones propias, y a veces ni eso.",
    ),
    "pt": (
        "Carioca, flamenguista e fã de café ☕",
        "Jornalista. As opiniões são só minhas.",
        "Mãe do Bento e da Lia, professora nas horas vagas.",
    ),
    "fr": (
        "Prof de maths, cinéphile, râleur.",
        "Journaliste, avis perso.",
        "Bretagne, vélo et beurre salé 🧈",
        "Ici on parle de trains, de pain et de rugby, pas forcément dans cet ordre.",
    ),
    "de": (
        "Bahnfahrerin aus Leidenschaft, Frühaufsteherin aus Versehen.",
        "Hier privat. Kaffee, Berge, Bücher.",
        "Schreibt über Städte und die Leute darin.",
    ),
    "ko": ("고양이 두 마리와 삽니다 🐈", "커피와 사진을 좋아하는 직장인입니다. 무통보 팔로우 괜찮아요"),
    "zh": ("喜欢旅行、摄影和美食，欢迎交流", "互联网从业者，观点仅代表个人"),
    "ar": ("مهتم بالتقنية والكتب، وكل الآراء تخصني وحدي", "قهوة وكتاب ☕"),
    "ru": ("Люблю кошек, поезда и хорошие книги.", "Журналист. Мнение моё собственное."),
    "hi": ("चाय, क्रिकेट और किताबें।", "पत्रकार। विचार निजी हैं।"),
}

_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("iw", re.compile("[\u0590-\u05ff]")),
)
LATIN = tuple(code for code in TONGUES if code in {"en", "es", "pt", "fr", "de", "it", "tr", "in"})


def script_language(text: str) -> str | None:
    """The language that a text's script speaks for, or None where the script doesn't tell (Latin)."""
    return next((code for code, script in _SCRIPTS if script.search(text)), None)
