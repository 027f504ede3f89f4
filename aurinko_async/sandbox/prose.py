"""The words that made-up mail is made of."""

from __future__ import annotations

from html import escape

# name, local part, domain: names in several scripts, one with a comma, one with an emoji, one right to left.
PEOPLE: tuple[tuple[str, str, str], ...] = (
    ("Ann Lee", "ann", "example.com"),
    ("Bob Tanner", "bob.tanner", "example.com"),
    ("Zoé Lefèvre", "zoe.lefevre", "exemple.example.fr"),
    ("Jürgen Groß", "juergen.gross", "beispiel.example.de"),
    ("山田 太郎", "taro.yamada", "example.jp"),
    ("佐藤 花子", "hanako", "example.jp"),
    ("ليلى حداد", "layla.haddad", "example.org"),
    ("נועה כהן", "noa", "example.co.il"),
    ("Ольга Иванова", "olga.ivanova", "example.ru"),
    ("Γιώργος Παπάς", "g.papas", "example.gr"),
    ("Nguyễn Thị Hoa", "hoa.nguyen", "example.vn"),
    ("María-José Ñíguez", "mj.niguez", "ejemplo.example.es"),
    ("O'Brien, Siobhán", "siobhan+sales", "example.ie"),
    ("Łukasz Żak", "lukasz.zak", "example.pl"),
    ("김민준", "minjun.kim", "example.kr"),
    ("Priya Raghunathan", "priya", "example.in"),
    ("Sam 🚀 Rivera", "sam.rivera", "startup.example.io"),
    ('Dr. "Max" Weber', "max.weber", "klinik.example.de"),
    ("Åsa Öberg", "asa", "example.se"),
    ("Chidi Okafor", "chidi.okafor", "example.ng"),
    ("", "no.name", "example.net"),
    ("Emma Wilson", "emma.wilson", "partners.example.com"),
    ("Tom Baker", "tom", "partners.example.com"),
    ("Fatima Zahra El Idrissi", "fz.elidrissi", "example.ma"),
)

# name, local part, domain, classification
ROBOTS: tuple[tuple[str, str, str, str], ...] = (
    ("Example Airlines", "offers", "air.example.com", "promotions"),
    ("The Weekly Gardener ☘", "news", "gardener.example.org", "promotions"),
    ("Build Server", "ci", "build.example.com", "updates"),
    ("Example Bank", "statements", "bank.example.com", "updates"),
    ("Parcel Service", "tracking", "parcel.example.net", "updates"),
    ("Connectly", "notify", "social.example.com", "social"),
    ("asyncio-users", "asyncio-users", "lists.example.org", "forums"),
    ("Caf\u00e9 Loyalt\u00e9", "points", "cafe.example.fr", "promotions"),
)

SUBJECTS: tuple[str, ...] = (
    "Quarterly numbers",
    "Lunch on Thursday?",
    "Contract draft, second round",
    "Déjeuner jeudi à Besançon ?",
    "Änderung im Zeitplan für Köln",
    "会議の議事録について",
    "来週の出張の件",
    "فاتورة رقم 4821",
    "תזכורת לפגישה",
    "Отчёт за март",
    "🎉 Launch party: who is coming?",
    "Budget 2025: «final» figures (really)",
    "Photos from the site visit",
    "Question about the invoice €1.250,00",
    "Kick-off: agenda & open points",
    "Re-scheduling the review",
    "Année scolaire : inscription",
    "Interview feedback",
    "Server migration this weekend",
    "Thank you!",
    "A long subject line that goes on for quite a while so that whatever folds headers has to fold it too, twice",
    "",
)

ROBOT_SUBJECTS: tuple[str, ...] = (
    "Your statement is ready",
    "Build #4821 failed on main",
    "48 hours only: seats from €29 ✈",
    "Your parcel is on its way 📦",
    "3 people viewed your profile",
    "What to plant this week",
    "[asyncio-users] Cancellation and shielded tasks",
    "Vos points expirent bientôt",
)

GREETINGS: tuple[str, ...] = (
    "Hi",
    "Hello",
    "Dear",
    "Bonjour",
    "Hallo",
    "こんにちは",
    "مرحبا",
    "שלום",
    "Привет",
    "Hey 👋",
)

_SENTENCES = (
    "I went through the numbers again last night and they add up now, apart from the two items we marked in yellow.",
    "Could you have a look before Friday, so that we can send it out at the beginning of next week?",
    "The supplier confirmed delivery for the 14th, but they want the deposit (30 %) up front this time.",
    "Nothing urgent, just keeping you in the loop.",
    "As agreed on the phone, I attach the current version; please use this one & not the one in the shared folder.",
    "If a < b then the second clause applies, otherwise we are back to the old wording.",
    "We should invite somebody from operations as well, since they will have to live with whatever we decide.",
    "The train was late again, so I only caught the second half of the presentation.",
    "Le rendez-vous est confirmé pour mardi à 14 h 30, salle des fêtes, derrière l'église.",
    "Peux-tu m'envoyer l'adresse exacte ? Je n'arrive pas à retrouver le message où tu l'avais notée.",
    "Das Angebot gilt bis Ende des Monats, danach müssen wir über die Größe noch einmal reden.",
    "Bitte die Unterlagen rechtzeitig prüfen, die Fußnoten auf Seite drei stimmen noch nicht ganz.",
    "お世話になっております。先日の件について、資料を添付いたしましたのでご確認ください。",
    "会議室は三階の「さくら」を予約してあります。十時からでよろしいでしょうか。",
    "يرجى مراجعة الملف المرفق وإبلاغي بأي ملاحظات قبل نهاية الأسبوع.",
    "הפגישה נדחתה ליום רביעי בשעה 10:00, נא לאשר הגעה.",
    "Прикладываю отчёт за прошлый месяц, итоговая сумма изменилась незначительно.",
    "That sounds good to me 👍 let us go with the second option then.",
    "I have no strong opinion on the colour, but the logo should be a bit larger on the cover page.",
    "The link you sent does not work from outside the office: https://intranet.example.com/docs?id=4821&view=full",
    "For the record: the decision was to postpone, not to cancel.",
    "There is one open question about the warranty, which legal wants to answer themselves.",
    "My flight lands at 9:40, so I can be at your place by eleven, traffic permitting.",
    "Please don't reply to all, half of the list has already left the project.",
)

# Each sentence as text and as HTML.
SENTENCES: tuple[tuple[str, str], ...] = tuple((sentence, escape(sentence, quote=False)) for sentence in _SENTENCES)

KEYWORDS: tuple[str, ...] = ("project-x", "à lire", "invoices", "travel", "後で読む", "vip")

FILE_NAMES: tuple[tuple[str, str], ...] = (
    ("figures.csv", "text/csv"),
    ("Résumé.pdf", "application/pdf"),
    ("見積書 2025.pdf", "application/pdf"),
    ("photo.png", "image/png"),
    ("notes & ideas.txt", "text/plain"),
    ("archive.tar.gz", "application/gzip"),
)
