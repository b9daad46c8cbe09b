/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NCALayer's protocol: what is no call, wrong arguments, envelopes to the letter, and what is told
 * of a key. Nobody can be asked here, so that a call which needs the person is refused. */
#include <glib/gstdio.h>
#include <string.h>

#include "bridge/ncalayer/arguments.h"
#include "bridge/ncalayer/envelope.h"
#include "bridge/ncalayer/key_info.h"
#include "bridge/ncalayer/ncalayer.h"
#include "bridge/turn.h"
#include "formats/ossl.h"

#define COMMON "kz.gov.pki.knca.commonUtils"
#define BASICS "kz.gov.pki.knca.basics"
#define ACCESSORY "kz.gov.pki.ncalayerservices.accessory"
#define APPLET "kz.gov.pki.knca.applet.Applet"

/* ---- Asking ---- */

static TamgaRequest request;

static json_t *ask_bytes (const char *text, gsize size)
{
    g_autoptr (GBytes) message = g_bytes_new (text, size);
    json_t *reply = tamga_ncalayer_dispatch (&request, message, NULL);

    g_assert_true (json_is_object (reply));
    return reply;
}

static json_t *ask (const char *text)
{
    return ask_bytes (text, strlen (text));
}

/* `text` with ' for ", for legibility. */
static char *quoted (const char *text)
{
    return g_strdelimit (g_strdup (text), "'", '"');
}

static void assert_json (json_t *value, const char *expected)
{
    g_autofree char *text = quoted (expected), *is = tamga_json_dump (value);
    g_autoptr (json_t) wanted = json_loads (text, JSON_REJECT_DUPLICATES, NULL);

    g_assert_nonnull (wanted);
    if (!json_equal (value, wanted))
        g_error ("%s is not %s", is, text);
}

static void assert_answer (const char *call, const char *expected)
{
    g_autofree char *text = quoted (call);
    g_autoptr (json_t) reply = ask (text);

    assert_json (reply, expected);
}

/* ---- What is no call ---- */

#define NO_CALL "{'success':false,'code':'COMMON_JSON_WRAPPING_EXCEPTION'}"

static void test_no_call (void)
{
    static const char *const texts[] = {
        "",
        " ",
        "x",
        "null",
        "1",
        "[]",
        "[{'module':'" BASICS "'}]",
        "'text'",
        "{",
        "{}{}",
        "{'module':'" COMMON "','method':'changeLocale','args':['ru']} x",
        "{'module':'" COMMON "','module':'" BASICS "'}",
        "{'module':'" COMMON "','args':[{'a':1,'a':2}]}",
        "{'module':'" COMMON "','method':'changeLocale','args':['r\\u0000u']}",
        "{'module':1}",
        "{'module':['" COMMON "']}",
        "{'module':'" COMMON "','method':'changeLocale','args':['\xFF']}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
        assert_answer (texts[i], NO_CALL);
}

static void test_deep (void)
{
    g_autoptr (GString) text = g_string_new ("{\"module\":\"" COMMON "\",\"args\":");
    gsize depth = 1000000;
    g_autoptr (json_t) reply = NULL;

    for (gsize i = 0; i < depth; i++)
        g_string_append_c (text, '[');
    for (gsize i = 0; i < depth; i++)
        g_string_append_c (text, ']');
    g_string_append_c (text, '}');
    reply = ask_bytes (text->str, text->len);
    assert_json (reply, NO_CALL);
}

static void test_unknown (void)
{
    assert_answer ("{'module':'kz.digiflow.mobile.extensions','method':'getVersion'}",
                   "{'success':false,'errorCode':'MODULE_NOT_FOUND'}");
    assert_answer ("{'module':'','method':'sign'}",
                   "{'success':false,'errorCode':'MODULE_NOT_FOUND'}");
    assert_answer ("{'module':'" ACCESSORY "','method':'installBundle','symname':'x'}",
                   "{'success':false,'errorCode':'METHOD_NOT_FOUND'}");
    assert_answer ("{'module':'" ACCESSORY "'}",
                   "{'success':false,'errorCode':'METHOD_NOT_FOUND'}");
    assert_answer ("{'module':'" COMMON "','method':'signEverything','args':[]}",
                   "{'code':'500','message':'The module " COMMON " has no such method.'}");
    assert_answer ("{'module':'" COMMON "','method':7,'uuid':'u-1'}",
                   "{'code':'500','message':'The module " COMMON
                   " has no such method.','uuid':'u-1'}");
    assert_answer ("{'module':'" BASICS "','method':'generateCsr','args':{}}",
                   "{'status':false,'code':'INVOCATION_ERROR','message':'An invoked method threw "
                   "an exception.','details':'The module " BASICS " has no such method.'}");
}

/* ---- A password never gets an answer ---- */

static void test_applet (void)
{
    static const char *const calls[] = {
        "{'method':'getKeys','args':['PKCS12','/home/a/key.p12','Secret77','AUTH'],'uuid':5}",
        "{'module':null,'method':'getKeys','args':['Secret77'],'uuid':5}",
        "{'module':'" APPLET "','method':'signXml','args':['P','/p','a','Secret77','<a/>'],"
        "'uuid':5}",
        "{'module':'" APPLET "','uuid':5}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS (calls); i++) {
        g_autofree char *text = quoted (calls[i]), *said = NULL;
        g_autoptr (json_t) reply = ask (text);
        g_assert_cmpstr (tamga_json_string (reply, "errorCode"), ==, "PASSWORD_NOT_ACCEPTED");
        g_assert_cmpstr (tamga_json_string (reply, "result"), ==, "");
        g_assert_cmpint (json_integer_value (json_object_get (reply, "uuid")), ==, 5);
        said = tamga_json_dump (reply);
        g_assert_null (strstr (said, "Secret77"));
    }
}

/* ---- Without the person ---- */

static void test_accessory (void)
{
    static const char *const names[] = {"kz.gov.pki.osgi.layer.websocket", COMMON, BASICS,
                                        ACCESSORY, "knca_applet"};
    g_autofree char *text = quoted ("{'module':'" ACCESSORY "','method':'getBundles'}");
    g_autoptr (json_t) reply = ask (text);

    for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
        g_assert_cmpstr (tamga_json_string (reply, names[i]), ==, "1.4.0");
    assert_answer ("{'module':'" ACCESSORY "','method':'getServices'}",
                   "{'services':['" COMMON "','" BASICS "','" ACCESSORY "']}");
}

static void test_change_locale (void)
{
    static const char *const rows[][2] = {{"ru", "ru"}, {"kz", "kk"}, {"kk", "kk"}, {"en", "en"}};

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *call = g_strdup_printf (
            "{'module':'" COMMON "','method':'changeLocale','args':['%s']}", rows[i][0]);
        assert_answer (call, "{'code':'200'}");
        g_assert_cmpstr (request.locale, ==, rows[i][1]);
    }
    assert_answer ("{'module':'" COMMON "','method':'changeLocale','args':[null]}",
                   "{'code':'500','message':'argument type mismatch. Method: changeLocale "
                   "(argument 1 must be a string)'}");
    g_assert_cmpstr (request.locale, ==, "en");
}

/* ---- Wrong arguments ---- */

static void test_positional (void)
{
    static const struct {
        const char *method, *args;
    } rows[] = {
        {"getActiveTokens", "[1]"},
        {"getActiveTokens", "{}"},
        {"getKeyInfo", "[null]"},
        {"getKeyInfo", "[1]"},
        {"getKeyInfo", "'PKCS12'"},
        {"getKeyInfo", "['PKCS12','x']"},
        {"createCAdESFromBase64", "['PKCS12',123,'MTEK',false]"},
        {"createCAdESFromBase64", "['PKCS12','SIGNATURE','MTEK']"},
        {"createCAdESFromBase64", "['PKCS12','SIGNATURE','MTEK',1]"},
        {"createCAdESFromBase64", "['PKCS12','SIGNATURE','MTEK','yes']"},
        {"createCAdESFromBase64Hash", "['PKCS12','SIGNATURE',{}]"},
        {"createCAdESFromFile", "['PKCS12','SIGNATURE',['/etc/passwd'],true]"},
        {"createCMSSignatureFromBase64", "['PKCS12',[7,7,7],'MTEK',false]"},
        {"createCMSSignatureFromFile", "[]"},
        {"applyCAdEST", "['PKCS12','SIGNATURE']"},
        {"signXml", "['PKCS12','123',555,'','']"},
        {"signXml", "['PKCS12','123','<a/>','//a','']"},
        {"signXml", "['PKCS12','123','<a/>','','id(1)']"},
        {"signXml", "['PKCS12','123','<a/>','#x','']"},
        {"signXml", "['PKCS12','123','<a/>',7,'']"},
        {"signXmls", "['PKCS12','123',[],'','']"},
        {"signXmls", "['PKCS12','123','<a/>','','']"},
        {"signXmls", "['PKCS12','123',['<a/>',1],'','']"},
        {"showFileChooser", "[]"},
        {"showFileChooser", "['../../x','']"},
        {"showFileChooser", "['p d f','']"},
        {"showFileChooser", "['pdf,','']"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *call = g_strdup_printf ("{'module':'" COMMON "','method':'%s','args':%s}",
                                                 rows[i].method, rows[i].args);
        g_autofree char *text = quoted (call);
        g_autofree char *begin =
            g_strdup_printf ("argument type mismatch. Method: %s (", rows[i].method);
        g_autoptr (json_t) reply = ask (text);
        g_test_message ("%s", call);
        g_assert_cmpstr (tamga_json_string (reply, "code"), ==, "500");
        g_assert_true (g_str_has_prefix (tamga_json_string (reply, "message"), begin));
    }
}

/* A batch is as long as a person can be asked about, not longer. */
static void test_batch_limit (void)
{
    g_autoptr (GString) list = g_string_new ("\"<a/>\"");

    for (guint i = 0; i < TAMGA_BRIDGE_MAX_DOCUMENTS; i++)
        g_string_append (list, ",\"<a/>\"");
    g_autofree char *xmls = g_strdup_printf ("{\"module\":\"" COMMON "\",\"method\":\"signXmls\","
                                             "\"args\":[\"PKCS12\",\"ANY\",[%s],\"\",\"\"]}",
                                             list->str);
    g_autofree char *basics =
        g_strdup_printf ("{\"module\":\"" BASICS "\",\"method\":\"sign\",\"args\":{\"format\":"
                         "\"xml\",\"data\":[%s],\"signerParams\":{\"extKeyUsageOids\":[]}}}",
                         list->str);
    g_autoptr (json_t) first = ask (xmls), second = ask (basics);
    g_assert_nonnull (strstr (tamga_json_string (first, "message"), "argument 3"));
    g_assert_cmpstr (tamga_json_string (second, "code"), ==, "INVOCATION_ERROR");
    g_assert_nonnull (strstr (tamga_json_string (second, "details"), "1 to 500"));
}

static void test_base64 (void)
{
    assert_answer ("{'module':'" COMMON "','method':'createCAdESFromBase64',"
                   "'args':['PKCS12','SIGNATURE','!!','false']}",
                   "{'code':'500','message':'The data is not base64 (RFC 4648 4).'}");
    assert_answer ("{'module':'" COMMON "','method':'createCAdESFromBase64Hash',"
                   "'args':['PKCS12','SIGNATURE','']}",
                   "{'code':'500','message':'The digest has no bytes (RFC 4648 4).'}");
    assert_answer ("{'module':'" COMMON "','method':'applyCAdEST',"
                   "'args':['PKCS12','SIGNATURE','-----BEGIN CMS-----']}",
                   "{'code':'500','message':'The CMS is not base64 (RFC 4648 4).'}");
    g_autoptr (GBytes) bytes = tamga_argument_base64 ("It", "MT\r\nEK\n", NULL);
    g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "11\n", 3);
}

static void test_paths (void)
{
    static const char *const good[] = {"/a", "/a/b[2]", "/ns:a/b-c.d_e[10]", "/\xD2\x9B"};
    static const char *const bad[] = {
        "",      "/",        "a",          "//a",       "/a/",   "/a//b", "/*",
        "/a/@b", "/a[0]",    "/a[last()]", "/a[b=1]",   "/a|/b", "/a/..", "/a/text()",
        "/a::b", "/a[1][2]", "/a[1]x",     "/child::a", "/:a",   "/a:",   "/a b",
        "/a[01", "#a",       "/1a",        "/a[-1]"};

    for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
        g_assert_true (tamga_argument_is_path (good[i]));
    for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
        g_test_message ("%s", bad[i]);
        g_assert_false (tamga_argument_is_path (bad[i]));
    }
}

static void test_booleans (void)
{
    static const struct {
        const char *json;
        gboolean good, truth;
    } rows[] = {{"true", TRUE, TRUE},       {"false", TRUE, FALSE},     {"\"true\"", TRUE, TRUE},
                {"\"false\"", TRUE, FALSE}, {"\"True\"", FALSE, FALSE}, {"1", FALSE, FALSE},
                {"null", FALSE, FALSE},     {"[]", FALSE, FALSE},       {"\"\"", FALSE, FALSE}};

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (json_t) value = json_loads (rows[i].json, JSON_DECODE_ANY, NULL);
        gboolean truth = TRUE;
        g_assert_cmpint (tamga_argument_boolean (value, &truth), ==, rows[i].good);
        g_assert_cmpint (truth, ==, rows[i].truth);
    }
}

/* ---- basics ---- */

#define SIGNER "'signerParams':{'extKeyUsageOids':[]}"

static void test_basics_arguments (void)
{
    static const struct {
        const char *args, *code, *details;
    } rows[] = {
        {"null", "INVOCATION_ERROR", "\"args\""},
        {"[]", "INVOCATION_ERROR", "\"args\""},
        {"{}", "INVOCATION_ERROR", "\"format\""},
        {"{'format':'pdf','data':'x'," SIGNER "}", "INVOCATION_ERROR", "\"format\""},
        {"{'format':'cms','data':'x'}", "INVOCATION_ERROR", "\"signerParams\""},
        {"{'format':'cms','data':'x','signerParams':{'extKeyUsageOids':null}}", "INVOCATION_ERROR",
         "\"extKeyUsageOids\""},
        {"{'format':'cms','data':'x','signerParams':{'extKeyUsageOids':[1]}}", "INVOCATION_ERROR",
         "\"extKeyUsageOids\""},
        {"{'format':'cms','data':'x','signerParams':{'extKeyUsageOids':[],'iin':5}}",
         "INVOCATION_ERROR", "\"iin\""},
        {"{'format':'cms','data':'x','signerParams':{'extKeyUsageOids':[],'chain':['x']}}",
         "INVOCATION_ERROR", "\"chain\""},
        {"{'format':'cms','data':'x','signerParams':{'extKeyUsageOids':[],'chain':'x'}}",
         "INVOCATION_ERROR", "\"chain\""},
        {"{'format':'cms'," SIGNER "}", "INVOCATION_ERROR", "\"data\""},
        {"{'format':'cms','data':[]," SIGNER "}", "INVOCATION_ERROR", "\"data\""},
        {"{'format':'cms','data':['x','']," SIGNER "}", "INVOCATION_ERROR", "Document 2"},
        {"{'format':'cms','data':['x',null]," SIGNER "}", "INVOCATION_ERROR", "\"data\""},
        {"{'format':'cms','data':''," SIGNER "}", "INVOCATION_ERROR", "Document 1 has no bytes"},
        {"{'format':'cms','data':'x!','signingParams':{'decode':'true'}," SIGNER "}",
         "INVOCATION_ERROR", "\"data\" is not base64"},
        {"{'format':'cms','data':'x','allowedStorages':[1]," SIGNER "}", "INVOCATION_ERROR",
         "\"allowedStorages\""},
        {"{'format':'cms','data':'x','locale':1," SIGNER "}", "INVOCATION_ERROR", "\"locale\""},
        {"{'format':'cms','data':'x','signingParams':[]," SIGNER "}", "INVOCATION_ERROR",
         "\"signingParams\""},
        {"{'format':'cms','data':'x','signingParams':{'decode':'si'}," SIGNER "}",
         "INVALID_SIGNING_PARAMS", "\"decode\""},
        {"{'format':'cms','data':'x','signingParams':{'tsaProfile':'{}'}," SIGNER "}",
         "INVALID_SIGNING_PARAMS", "\"tsaProfile\""},
        {"{'format':'xml','data':'<a/>','signingParams':{'tsaProfile':{}}," SIGNER "}",
         "INVALID_SIGNING_PARAMS", "timestamp"},
        {"{'format':'raw','data':'x','signingParams':{'digested':true}," SIGNER "}",
         "INVALID_SIGNING_PARAMS", "digest"},
        {"{'format':'cms','data':'eA==','signingParams':{'digested':true,'encapsulate':true}"
         "," SIGNER "}",
         "INVALID_SIGNING_PARAMS", "encapsulate"},
        {"{'format':'cms','data':'x','signingParams':{'allowExpired':true}," SIGNER "}",
         "INVALID_SIGNING_PARAMS", "allowExpired"},
        {"{'format':'cms','data':'x','signingParams':{'allowRevoked':'true'}," SIGNER "}",
         "INVALID_SIGNING_PARAMS", "allowRevoked"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *call =
            g_strdup_printf ("{'module':'" BASICS "','method':'sign','args':%s}", rows[i].args);
        g_autofree char *text = quoted (call);
        g_autoptr (json_t) reply = ask (text);
        g_test_message ("%s", call);
        g_assert_true (json_is_false (json_object_get (reply, "status")));
        g_assert_cmpstr (tamga_json_string (reply, "code"), ==, rows[i].code);
        g_assert_nonnull (strstr (tamga_json_string (reply, "details"), rows[i].details));
        g_assert_nonnull (tamga_json_string (reply, "message"));
    }
}

/* ---- Envelopes ---- */

static void test_envelopes (void)
{
    g_autoptr (GError) cancelled =
        g_error_new (TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_CANCELLED, "No.");
    g_autoptr (GError) pin = g_error_new (TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED, "No.");
    g_autoptr (json_t) none = tamga_envelope_common (json_null ());
    g_autoptr (json_t) some = tamga_envelope_common (json_array ());
    g_autoptr (json_t) common = tamga_envelope_common_error (cancelled);
    g_autoptr (json_t) common_pin = tamga_envelope_common_error (pin);
    g_autoptr (json_t) basics = tamga_envelope_basics_error (cancelled);
    g_autoptr (json_t) basics_pin = tamga_envelope_basics_error (pin);
    g_autoptr (json_t) made = tamga_envelope_basics (json_pack ("[s]", "x"));

    assert_json (none, "{'code':'200'}");
    assert_json (some, "{'code':'200','responseObject':[]}");
    assert_json (common, "{'code':'500','message':'action.canceled'}");
    assert_json (common_pin, "{'code':'500','message':'action.canceled'}");
    assert_json (basics, "{'body':{},'status':true}");
    assert_json (basics_pin, "{'body':{},'status':true}");
    assert_json (made, "{'body':{'result':['x']},'status':true}");
}

/* A failure without a reason is never taken for a success. */
static void test_unexplained (void)
{
    g_autoptr (json_t) common = tamga_envelope_common_error (NULL);
    g_autoptr (json_t) basics = tamga_envelope_basics_error (NULL);

    g_assert_cmpstr (tamga_json_string (common, "code"), ==, "500");
    g_assert_true (json_is_false (json_object_get (basics, "status")));
}

/* What is meant for the person stays here: labels, paths, tries. */
static void test_nothing_private (void)
{
    const struct {
        GQuark domain;
        int code;
        const char *codes[2]; /* of commonUtils, of basics */
    } rows[] = {
        {TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN, {"500", "SIGNING_FAILURE"}},
        {TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_UNREADABLE, {"500", "SIGNING_FAILURE"}},
        {TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_REFUSED, {"500", "SIGNING_FAILURE"}},
        {TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_NO_KEY, {"500", "GENERAL_ERROR"}},
        {TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_DENIED, {"500", "GENERAL_ERROR"}},
        {G_FILE_ERROR, G_FILE_ERROR_NOENT, {"500", "SIGNING_FAILURE"}},
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GError) error = g_error_new (rows[i].domain, rows[i].code, "/home/aigul/K 2");
        json_t *replies[] = {tamga_envelope_common_error (error),
                             tamga_envelope_basics_error (error)};
        for (gsize k = 0; k < G_N_ELEMENTS (replies); k++) {
            g_autofree char *text = tamga_json_dump (replies[k]);
            g_assert_null (strstr (text, "aigul"));
            g_assert_cmpstr (tamga_json_string (replies[k], "code"), ==, rows[i].codes[k]);
            json_decref (replies[k]);
        }
    }
}

/* ---- Keys ---- */

static X509 *load (const char *name)
{
    g_autofree char *path = g_build_filename (TAMGA_SHARED, "vectors/kz-nca/certs", name, NULL);
    char *data = NULL;
    gsize size = 0;

    if (!g_file_get_contents (path, &data, &size, NULL))
        return NULL;
    g_autoptr (GBytes) der = g_bytes_new_take (data, size);
    return tamga_ossl_certificate (der);
}

static void test_key_info (void)
{
    static const struct {
        const char *file, *algorithm, *serial, *authority, *before, *after, *subject, *issuer;
    } rows[] = {
        {"individual_gost2015_a.der", "ECGOST3410-2015-512",
         "1147287582df9bb4710e461804acd49b88bf45c4", "fad24b1ba3a0c961fe1ca8503e6aa2bb450db8a3",
         "1699525120000", "1731061120000",
         "CN=ТЕСТОВ ТЕСТ,SURNAME=ТЕСТОВ,SERIALNUMBER=IIN123456789011,C=KZ,G=ТЕСТОВИЧ",
         "CN=ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (GOST) TEST 2022,C=KZ"},
        {"ceo_gost2015.der", "ECGOST3410-2015-512", "3a90343e720594c55204b19cb9a402422ef0e622",
         "fad24b1ba3a0c961fe1ca8503e6aa2bb450db8a3", "1658920690000", "1690456690000",
         "CN=ТЕСТОВ ТЕСТ,SURNAME=ТЕСТОВ,SERIALNUMBER=IIN123456789011,C=KZ,O=АО \\\"ТЕСТ\\\","
         "OU=BIN123456789021,G=ТЕСТОВИЧ",
         "CN=ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (GOST) TEST 2022,C=KZ"},
        {"individual_rsa.der", "RSA", "41e45cc8a04c705963e5cd6769848a934d8eaef5",
         "a68c16337cb8e83567063e5e415755a2af345068", "1642480730000", "1674016730000",
         "CN=ТЕСТОВ ТЕСТ,SURNAME=ТЕСТОВ,SERIALNUMBER=IIN123456789011,C=KZ,G=ТЕСТОВИЧ",
         "C=KZ,CN=ҰКО 3.0 (RSA TEST)"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (X509) certificate = load (rows[i].file);
        if (certificate == NULL) {
            g_test_skip ("skipped: no Kazakh test certificates here");
            return;
        }
        TamgaKey key = {.id = (char *)"4f", .label = (char *)"k", .certificate = certificate};
        g_autoptr (json_t) info = tamga_key_info (&key);
        g_autofree char *pem = tamga_key_info_pem (certificate);
        const char *const members[][2] = {
            {"alias", "k"},
            {"keyId", "4f"},
            {"algorithm", rows[i].algorithm},
            {"subjectCn", "ТЕСТОВ ТЕСТ"},
            {"subjectDn", rows[i].subject},
            {"issuerDn", rows[i].issuer},
            {"serialNumber", rows[i].serial},
            {"certNotBefore", rows[i].before},
            {"certNotAfter", rows[i].after},
            {"authorityKeyIdentifier", rows[i].authority},
            {"pem", pem},
        };
        for (gsize k = 0; k < G_N_ELEMENTS (members); k++)
            g_assert_cmpstr (tamga_json_string (info, members[k][0]), ==, members[k][1]);
        g_assert_cmpuint (json_object_size (info), ==, G_N_ELEMENTS (members) + 1);
        g_assert_true (g_str_has_prefix (pem, "-----BEGIN CERTIFICATE-----\n"));
    }
}

static void add (X509_NAME *name, const char *type, const char *value, int length, int set)
{
    g_assert_cmpint (X509_NAME_add_entry_by_txt (name, type, MBSTRING_UTF8,
                                                 (const unsigned char *)value, length, -1, set),
                     ==, 1);
}

/* A comma in a name is not a boundary, a NUL hides nothing. */
static void test_names (void)
{
    g_autoptr (X509_NAME) name = X509_NAME_new ();
    g_autofree char *text = NULL;

    add (name, "CN", " a,b=c+\"d\"\\ ", -1, 0);
    add (name, "O", "#1", -1, 0);
    add (name, "OU", "x\0y", 3, -1);
    add (name, "emailAddress", "a@b", -1, 0);
    add (name, "1.2.3.4", "z", -1, 0);
    text = tamga_key_info_name (name);
    g_assert_cmpstr (text, ==,
                     "CN=\\ a\\,b\\=c\\+\\\"d\\\"\\\\\\ ,O=\\#1+OU=x\xEF\xBF\xBDy,E=a@b,1.2.3.4=z");
}

/* What cannot be signed is refused before anybody is asked: here nobody could be. */
static void test_refused_first (void)
{
    static const struct {
        const char *call, *text;
    } rows[] = {
        {"{'module':'" COMMON "','method':'signXml','args':['P','','<a>']}", "XML"},
        {"{'module':'" COMMON "','method':'signXml','args':['P','','']}", "no bytes"},
        {"{'module':'" COMMON "','method':'signXmls','args':['P','',['<a/>','text']]}",
         "Document 2"},
        {"{'module':'" COMMON "','method':'signXml','args':['P','','<!DOCTYPE a><a/>']}",
         "document type"},
        {"{'module':'" COMMON "','method':'createCAdESFromBase64Hash','args':['P','','MTIz']}",
         "Digest 1 has 3 bytes"},
        {"{'module':'" BASICS "','method':'sign','args':{'format':'cms','data':'MTIz',"
         "'signingParams':{'digested':true}," SIGNER "}}",
         "Digest 1 has 3 bytes"},
        {"{'module':'" BASICS "','method':'sign','args':{'format':'xml','data':['<a/>','<']," SIGNER
         "}}",
         "Document 2"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *text = quoted (rows[i].call), *said = NULL;
        g_autoptr (json_t) reply = ask (text);
        said = tamga_json_dump (reply);
        g_test_message ("%s", said);
        g_assert_nonnull (strstr (said, rows[i].text));
        g_assert_null (strstr (said, "prompter"));
    }
}

/* ---- Nothing without the person ---- */

/* Each of them is a good call; nobody is there to grant it, so each is refused. */
static void test_grant_first (void)
{
    static const char *const calls[] = {
        "{'module':'" COMMON "','method':'getActiveTokens'}",
        "{'module':'" COMMON "','method':'getKeyInfo','args':['PKCS12']}",
        "{'module':'" COMMON "','method':'createCAdESFromBase64','args':['PKCS12','','MTEK',true]}",
        "{'module':'" COMMON "','method':'createCAdESFromBase64Hash','args':['PKCS12','',"
        "'ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=']}",
        "{'module':'" COMMON "','method':'createCAdESFromFile','args':['PKCS12','','/x','true']}",
        "{'module':'" COMMON "','method':'createCMSSignatureFromBase64','args':['PKCS12','',"
        "'MTEK',false]}",
        "{'module':'" COMMON "','method':'createCMSSignatureFromFile','args':['PKCS12','','/x',"
        "false]}",
        "{'module':'" COMMON "','method':'applyCAdEST','args':['PKCS12','','MTEK']}",
        "{'module':'" COMMON "','method':'signXml','args':['PKCS12','','<a/>','','']}",
        "{'module':'" COMMON "','method':'signXmls','args':['PKCS12','',['<a/>']]}",
        "{'module':'" COMMON "','method':'showFileChooser','args':['ALL','/']}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS (calls); i++) {
        g_autofree char *text = quoted (calls[i]);
        g_autoptr (json_t) reply = ask (text);
        g_test_message ("%s", calls[i]);
        g_assert_cmpstr (tamga_json_string (reply, "code"), ==, "500");
        g_assert_cmpstr (tamga_json_string (reply, "message"), ==,
                         "Nobody can be asked on this computer (bridge/prompter).");
        g_assert_null (json_object_get (reply, "responseObject"));
    }
}

int main (int argc, char **argv)
{
    TamgaBridgeConfig config = {.prompter = (char *)"none", .profile = (char *)"kz"};
    g_autoptr (GError) error = NULL;
    TamgaBridge bridge = {.config = &config};
    int result;

    g_test_init (&argc, &argv, NULL);
    g_assert_true (tamga_algorithm_load ());
    tamga_bridge_add_failures ();
    g_autofree char *folder = g_dir_make_tmp ("tamga-ncalayer-XXXXXX", &error);
    g_assert_no_error (error);
    g_autofree char *path = g_build_filename (folder, "grants.json", NULL);
    g_autoptr (TamgaGrants) grants = bridge.grants = tamga_grants_open (path, &error);
    g_assert_no_error (error);
    bridge.turn = tamga_turn_new ();
    g_autoptr (TamgaCaller) caller = tamga_caller_new (1, "https://portal.example", NULL);
    request = (TamgaRequest){.bridge = &bridge, .caller = caller, .call = TAMGA_CALL_INIT};

    g_test_add_func ("/ncalayer/no-call", test_no_call);
    g_test_add_func ("/ncalayer/deep", test_deep);
    g_test_add_func ("/ncalayer/unknown", test_unknown);
    g_test_add_func ("/ncalayer/applet", test_applet);
    g_test_add_func ("/ncalayer/accessory", test_accessory);
    g_test_add_func ("/ncalayer/change-locale", test_change_locale);
    g_test_add_func ("/ncalayer/positional", test_positional);
    g_test_add_func ("/ncalayer/batch-limit", test_batch_limit);
    g_test_add_func ("/ncalayer/base64", test_base64);
    g_test_add_func ("/ncalayer/paths", test_paths);
    g_test_add_func ("/ncalayer/booleans", test_booleans);
    g_test_add_func ("/ncalayer/basics-arguments", test_basics_arguments);
    g_test_add_func ("/ncalayer/envelopes", test_envelopes);
    g_test_add_func ("/ncalayer/unexplained", test_unexplained);
    g_test_add_func ("/ncalayer/nothing-private", test_nothing_private);
    g_test_add_func ("/ncalayer/key-info", test_key_info);
    g_test_add_func ("/ncalayer/names", test_names);
    g_test_add_func ("/ncalayer/refused-first", test_refused_first);
    g_test_add_func ("/ncalayer/grant-first", test_grant_first);
    result = g_test_run ();
    tamga_request_clear (&request);
    g_free (request.locale);
    tamga_turn_free (bridge.turn);
    g_unlink (path);
    g_rmdir (folder);
    return result;
}
