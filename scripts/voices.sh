#!/bin/sh
# Speaks the default announcements: scripts/voices.txt -> telephony/endpoint/assets/voices/*.wav
#
# Needs Debian's open-jtalk, open-jtalk-mecab-naist-jdic and sox, and the path of the voice
# mei_normal.htsvoice (CC BY 3.0; see telephony/endpoint/assets/README.md for where to get it).
# The recordings are kept in the repository, so this is needed only when a text changes.
set -eu

[ $# -ge 1 ] || { echo "usage: $0 mei_normal.htsvoice [name …]" >&2; exit 2; }
voice=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
out=$here/../telephony/endpoint/assets/voices
dictionary=${OPEN_JTALK_DICTIONARY:-/var/lib/mecab/dic/open-jtalk/naist-jdic}
target_db=-18   # RMS of the speech, dB below full scale
margin_s=0.2    # silence at both ends
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

rms_db() { sox "$1" -n stats 2>&1 | awk '/^RMS lev dB/ { print $4 }'; }

# The telephone band, without the silence that the synthesiser leaves at the ends.
to_telephone() {
    sox -D "$1" -r 8000 -c 1 -b 16 "$2" gain -6 highpass 120 rate -h 8000 \
        silence 1 0.01 0.3% reverse silence 1 0.01 0.3% reverse
}

# The limiter takes a little of the level away again, hence the rounds.
level() {
    cp "$1" "$work/round.wav"
    for _round in 1 2 3; do
        gain=$(rms_db "$work/round.wav" | awk -v target="$target_db" '{ print target - $1 }')
        sox -D "$work/round.wav" "$work/next.wav" gain -l "$gain"
        mv "$work/next.wav" "$work/round.wav"
    done
    # G.711 in the file: what is heard is what is kept, in half the space.
    sox -D "$work/round.wav" -e mu-law "$2" gain -0.2 pad "$margin_s" "$margin_s"
}

tab=$(printf '\t')
while IFS=$tab read -r name text; do
    if [ $# -gt 0 ]; then
        case " $* " in *" $name "*) ;; *) continue ;; esac
    fi
    printf '%s\n' "$text" | open_jtalk -x "$dictionary" -m "$voice" -ow "$work/spoken.wav"
    to_telephone "$work/spoken.wav" "$work/telephone.wav"
    level "$work/telephone.wav" "$out/$name.wav"
    echo "$name $(soxi -D "$out/$name.wav") s"
done < "$here/voices.txt"
