# SPDX-License-Identifier: GPL-3.0-or-later
# SoftHSM tokens for tests: a bash library, to be sourced. Each function returns non-zero and says
# why on standard error when it fails. Nothing of the person's own SoftHSM is touched.
#
#   softhsm_start DIR            own store under DIR; exports SOFTHSM2_CONF, sets SOFTHSM_MODULE
#   softhsm_token LABEL PIN      makes an empty token (security officer PIN: 0000)
#   softhsm_key LABEL ID TYPE [always-auth]       makes a key pair on the token; TYPE is rsa2048,
#                                rsa3072, rsa4096, p256, p384 or p521; ID is hexadecimal
#   softhsm_new_key TYPE OUT.pem                  makes a key with openssl, for softhsm_import
#   softhsm_import LABEL ID KEY.pem [always-auth] brings a key (PEM, no password) to the token
#   softhsm_csr KEY.pem SUBJECT OUT.der           PKCS#10 of a key, before or after its import;
#                                SUBJECT as openssl writes it: /C=VN/CN=Name
#   softhsm_cert LABEL ID CERT.der                puts a certificate beside its key
#   softhsm_identity LABEL ID TYPE SUBJECT        key, self-signed certificate and import in one;
#                                leaves $SOFTHSM_DIR/ID.pem and $SOFTHSM_DIR/ID.der

SOFTHSM_DIR=
SOFTHSM_MODULE=
declare -A SOFTHSM_PINS=()

softhsm_say() {
    printf 'softhsm: %s\n' "$*" >&2
}

# Runs a command in silence; its output is shown when it fails.
softhsm_quietly() {
    local output
    if ! output=$("$@" 2>&1); then
        softhsm_say "failed: $*"
        printf '%s\n' "$output" >&2
        return 1
    fi
}

softhsm_start() {
    local file
    SOFTHSM_DIR=$1
    SOFTHSM_MODULE=
    for file in /usr/lib/*/softhsm/libsofthsm2.so /usr/lib/softhsm/libsofthsm2.so \
        /usr/lib64/pkcs11/libsofthsm2.so; do
        if [ -e "$file" ]; then
            SOFTHSM_MODULE=$file
            break
        fi
    done
    if [ -z "$SOFTHSM_MODULE" ]; then
        softhsm_say "libsofthsm2.so is not installed"
        return 1
    fi
    mkdir -p "$SOFTHSM_DIR/tokens" || return 1
    printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' \
        "$SOFTHSM_DIR/tokens" > "$SOFTHSM_DIR/softhsm2.conf" || return 1
    export SOFTHSM2_CONF=$SOFTHSM_DIR/softhsm2.conf
    export SOFTHSM_MODULE
}

softhsm_token() {
    softhsm_quietly softhsm2-util --init-token --free --label "$1" --so-pin 0000 --pin "$2" &&
        SOFTHSM_PINS[$1]=$2
}

# pkcs11-tool on the token LABEL, logged in: softhsm_tool LABEL ARGUMENT...
softhsm_tool() {
    local label=$1
    shift
    softhsm_quietly pkcs11-tool --module "$SOFTHSM_MODULE" --token-label "$label" --login \
        --pin "${SOFTHSM_PINS[$label]}" "$@"
}

softhsm_key() {
    local type
    local -a extra=()
    case $3 in
    rsa[0-9]*) type=rsa:${3#rsa} ;;
    p256) type=EC:prime256v1 ;;
    p384) type=EC:secp384r1 ;;
    p521) type=EC:secp521r1 ;;
    *)
        softhsm_say "unknown type of key: $3"
        return 1
        ;;
    esac
    [ "${4-}" != always-auth ] || extra=(--always-auth)
    softhsm_tool "$1" --keypairgen --key-type "$type" --usage-sign --id "$2" --label "key $2" \
        "${extra[@]}"
}

softhsm_new_key() {
    case $1 in
    rsa[0-9]*)
        softhsm_quietly openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:${1#rsa}" -out "$2"
        ;;
    p256 | p384 | p521)
        softhsm_quietly openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:P-${1#p}" \
            -pkeyopt ec_param_enc:named_curve -out "$2"
        ;;
    *)
        softhsm_say "unknown type of key: $1"
        return 1
        ;;
    esac
}

softhsm_import() {
    local plain status
    plain=$(mktemp "$SOFTHSM_DIR/key.XXXXXX") || return 1
    if [ "${4-}" = always-auth ]; then
        # softhsm2-util cannot set CKA_ALWAYS_AUTHENTICATE.
        softhsm_quietly openssl pkey -in "$3" -outform DER -out "$plain" &&
            softhsm_tool "$1" --write-object "$plain" --type privkey --id "$2" \
                --label "key $2" --usage-sign --always-auth
    else
        softhsm_quietly openssl pkcs8 -topk8 -nocrypt -in "$3" -out "$plain" &&
            softhsm_quietly softhsm2-util --import "$plain" --token "$1" --label "key $2" \
                --id "$2" --pin "${SOFTHSM_PINS[$1]}"
    fi
    status=$?
    rm -f "$plain"
    return $status
}

softhsm_csr() {
    softhsm_quietly openssl req -new -key "$1" -subj "$2" -utf8 -outform DER -out "$3"
}

softhsm_cert() {
    softhsm_tool "$1" --write-object "$3" --type cert --id "$2" --label "key $2"
}

softhsm_identity() {
    local base=$SOFTHSM_DIR/$2
    softhsm_new_key "$3" "$base.pem" &&
        softhsm_quietly openssl req -x509 -new -key "$base.pem" -subj "$4" -utf8 -days 30 \
            -addext "keyUsage=critical,digitalSignature,nonRepudiation" -outform DER \
            -out "$base.der" &&
        softhsm_import "$1" "$2" "$base.pem" "${5-}" &&
        softhsm_cert "$1" "$2" "$base.der"
}
