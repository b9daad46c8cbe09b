/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The status page: says that the agent runs, and what a browser may still want. */
#include "bridge/page/page.h"

#include <string.h>

static const char *const languages[] = {"kk", "ru", "en"};
/* Names that sites and systems use besides. */
static const struct {
    const char *prefix, *language;
} names[] = {{"kk", "kk"}, {"kz", "kk"}, {"ru", "ru"}, {"en", "en"}};

/* One page in one language; whole sentences. */
typedef struct {
    const char *language, *title, *runs, *trusted, *asks, *how, *grants, *trouble;
} Texts;

static const Texts texts[] = {
    {"kk", "Tamga жұмыс істеп тұр",
     "Бұл компьютердегі қолтаңба агенті дайын. Порталдың бетін қайта ашып, қол қоя беріңіз.",
     "Осы бетті ескертусіз көріп тұрсаңыз, браузер агенттің сертификатына сенеді.",
     "Браузер «жергілікті желіге қол жеткізуді» сұрауы мүмкін",
     "Портал алғаш рет қосылғанда Chrome 147, Edge 147 немесе Firefox 154 және одан кейінгі "
     "нұсқалар "
     "рұқсат сұрайды. «Рұқсат беру» дегенді таңдаңыз. Бұрын бас тартсаңыз, мекенжай жолағының сол "
     "жағындағы белгішені басып, рұқсатты қайта қосыңыз.",
     "Порталдарға берілген рұқсаттар: tamga bridge grants", "Бірдеңе істемей тұр ма? tamga doctor"},
    {"ru", "Tamga работает",
     "Агент подписи на этом компьютере готов. Откройте страницу портала заново и подписывайте.",
     "Если вы видите эту страницу без предупреждений, браузер доверяет сертификату агента.",
     "Браузер может спросить о «доступе к локальной сети»",
     "При первом соединении портала Chrome 147, Edge 147, Firefox 154 и новее спрашивают "
     "разрешение. "
     "Выберите «Разрешить». Если раньше вы отказали, нажмите на значок слева в адресной строке и "
     "включите разрешение снова.",
     "Что разрешено порталам: tamga bridge grants", "Что-то не работает? tamga doctor"},
    {"en", "Tamga is running",
     "The signing agent on this computer is ready. Open the page of the portal again and sign.",
     "If you see this page without a warning, the browser trusts the agent's certificate.",
     "The browser may ask about “access to the local network”",
     "When a portal connects for the first time, Chrome 147, Edge 147, Firefox 154 and later ask "
     "for "
     "a permission. Choose “Allow”. If you refused before, click the icon at the left of the "
     "address "
     "bar and switch the permission on again.",
     "What portals may do: tamga bridge grants", "Something does not work? tamga doctor"},
};

static const char style[] =
    "body{font:17px/1.5 system-ui,sans-serif;max-width:40em;margin:12vh auto;padding:0 1.5em;"
    "color:#1c2430;background:#f6f7f9}main{background:#fff;border-radius:14px;padding:2em 2.4em;"
    "box-shadow:0 1px 3px #0002,0 12px 40px #0001}h1{font-size:1.5em;margin:0 0 .6em}"
    "h1:before{content:'';display:inline-block;width:.6em;height:.6em;border-radius:50%;"
    "background:#1f9d55;margin-right:.5em}h2{font-size:1.05em;margin:1.6em 0 .3em}p{margin:.4em 0}"
    "footer{margin-top:2em;color:#667;font-size:.85em}"
    "@media(prefers-color-scheme:dark){body{color:#e6e9ee;background:#14181e}"
    "main{background:#1d232b}footer{color:#9aa}}";

static const char *known (const char *name, gsize length)
{
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        gsize prefix = strlen (names[i].prefix);
        if (length >= prefix && g_ascii_strncasecmp (name, names[i].prefix, prefix) == 0 &&
            (length == prefix || strchr ("-_.@", name[prefix])))
            return names[i].language;
    }
    return NULL;
}

const char *tamga_language_of_locale (const char *locale)
{
    const char *language = locale ? known (locale, strlen (locale)) : NULL;
    return language ? language : languages[0];
}

/* The weight behind ";q=", in thousandths; 1000 where there is none. */
static guint weight (const char *item)
{
    const char *q = strstr (item, ";q=");
    double value = q ? g_ascii_strtod (q + 3, NULL) : 1;
    return value >= 0 && value <= 1 ? (guint)(value * 1000) : 0;
}

const char *tamga_language_of_header (const char *accept_language)
{
    g_auto (GStrv) items = g_strsplit (accept_language ? accept_language : "", ",", 32);
    const char *best = languages[0];
    guint best_weight = 0;
    for (char **item = items; *item; item++) {
        const char *text = g_strstrip (*item);
        const char *language = known (text, strcspn (text, "; "));
        if (language && weight (text) > best_weight) {
            best = language;
            best_weight = weight (text);
        }
    }
    return best;
}

static GBytes *status_page (const Texts *t, guint16 port)
{
    GString *html = g_string_new (NULL);
    g_string_printf (html,
                     "<!doctype html><html lang=\"%s\"><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width\"><title>%s</title>"
                     "<style>%s</style><main><h1>%s</h1><p>%s</p><p>%s</p><h2>%s</h2><p>%s</p>"
                     "<h2>%s</h2><h2>%s</h2><footer>Tamga %s · wss://127.0.0.1:%u</footer></main>"
                     "</html>\n",
                     t->language, t->title, style, t->title, t->runs, t->trusted, t->asks, t->how,
                     t->grants, t->trouble, TAMGA_VERSION, port);
    return g_string_free_to_bytes (html);
}

void tamga_page_serve (TamgaGrants *grants, guint16 port, const TamgaPageRequest *request,
                       TamgaPage *page)
{
    if (strcmp (request->path, "/") == 0) {
        const char *language = tamga_language_of_header (request->accept_language);
        const Texts *chosen = texts;
        while (strcmp (chosen->language, language) != 0)
            chosen++;
        *page = (TamgaPage){.status = 200,
                            .type = "text/html; charset=utf-8",
                            .language = language,
                            .body = status_page (chosen, port)};
    } else if (strcmp (request->path, "/ping") == 0) {
        *page = (TamgaPage){.status = 200,
                            .type = "application/json",
                            .readable = tamga_grants_known (grants, request->origin),
                            .body = g_bytes_new_static ("{}\n", 3)};
    } else {
        *page = (TamgaPage){.status = 404,
                            .type = "text/plain; charset=utf-8",
                            .body = g_bytes_new_static ("Nothing is here.\n", 17)};
    }
}
