package ccproxy.convert;

import static ccproxy.convert.Conversion.messages;
import static ccproxy.convert.Conversion.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Cases 28-31: images, files and sound.
class ChatContentTest {
    private static final String PNG = base64("\u0089PNG\r\n\u001a\n1234");
    private static final String JPEG = base64("\u00ff\u00d8\u00ff\u00e0123456789");
    private static final String GIF = base64("GIF89a123456");
    private static final String WEBP = base64("RIFF1234WEBPVP8 ");
    private static final String PDF = base64("%PDF-1.7 123");

    private static String base64(String bytes) {
        return Base64.getEncoder().encodeToString(bytes.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String user(String part) {
        return "{'role':'user','content':[" + part + "]}";
    }

    private static String image(String url) {
        return "{'type':'image_url','image_url':{'url':'" + url + "','detail':'original'}}";
    }

    private static String file(String fields) {
        return "{'type':'file','file':{" + fields + "}}";
    }

    private static String refusedPart(String part, String message) {
        String json = "{'model':'m','messages':[" + user(part) + "]}";
        return refused(Models.OLD, json, message).getMessage();
    }

    @Test // 28
    void picturesHaveTheTypeOfTheirBytes() {
        String[][] pictures = {
            {"data:image/png;base64," + PNG, "image/png", PNG},
            {"data:image/jpg;base64," + JPEG, "image/jpeg", JPEG},
            {"data:image/jpeg;base64," + PNG, "image/png", PNG},
            {"DATA:image/png;charset=utf-8;BASE64," + GIF, "image/gif", GIF},
            {"data:image/png;base64," + WEBP, "image/webp", WEBP},
            {"data:image/jpg;base64,AAAA", "image/jpeg", "AAAA"},
            {"data:image/webp,abc", "image/webp", base64("abc")},
            {"data:;base64,iVBO Rw0KGgo=", "image/png", "iVBORw0KGgo="},
            {"data:;,%89PNG", "image/png", base64("\u0089PNG")},
        };
        for (String[] picture : pictures) {
            messages(Models.OLD, user(image(picture[0])))
                    .has(
                            "/messages/0/content/0",
                            "{'type':'image','source':{'type':'base64','media_type':'%s','data':'%s'}}"
                                    .formatted(picture[1], picture[2]))
                    .warns("");
        }
    }

    @ParameterizedTest // 28
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    data:image/svg+xml,<svg/>   | expected image/jpeg, image/png, image/gif or image/webp, found image/svg+xml
                    data:image/png;base64,!!    | expected base64 data
                    data:image/png;base64,      | expected data, found none
                    data:image/png              | expected a data URL with a comma
                    data:image/png,%8           | expected percent-encoded data
                    data:image/png,%zz          | expected percent-encoded data
                    data:,                      | expected data, found none
                    ftp://x/y                   | expected an http, https or data URL
                    file:///etc/passwd          | expected an http, https or data URL
                    """)
    void whatIsNoPictureIsRefused(String url, String problem) {
        refusedPart(image(url), "messages[0].content[0].image_url.url: " + problem);
    }

    @Test // 29
    void linksAreLinks() {
        for (String url : new String[] {"https://x/y.png", "HTTP://x/y"}) {
            messages(Models.OLD, user(image(url)))
                    .has(
                            "/messages/0/content/0",
                            "{'type':'image','source':{'type':'url','url':'" + url + "'}}");
        }
    }

    @Test // 30
    void filesAreDocuments() {
        String pdf = "{'type':'base64','media_type':'application/pdf','data':'" + PDF + "'}";
        messages(
                        Models.OLD,
                        user(
                                file(
                                        "'file_data':'data:application/pdf;base64,"
                                                + PDF
                                                + "','filename':'a.pdf'")))
                .has(
                        "/messages/0/content/0",
                        "{'type':'document','source':" + pdf + ",'title':'a.pdf'}");
        messages(Models.OLD, user(file("'file_data':'" + PDF + "'")))
                .has("/messages/0/content/0", "{'type':'document','source':" + pdf + "}");
        messages(
                        Models.OLD,
                        user(file("'file_data':'data:text/plain;base64," + base64("hello") + "'")))
                .has(
                        "/messages/0/content/0/source",
                        "{'type':'text','media_type':'text/plain','data':'hello'}");
        messages(Models.OLD, user(file("'file_data':'data:text/csv,a+b%2C北'")))
                .has("/messages/0/content/0/source/data", "'a+b,北'");
        messages(Models.OLD, user(file("'file_id':'file_1'")))
                .has(
                        "/messages/0/content/0",
                        "{'type':'document','source':{'type':'file','file_id':'file_1'}}");
        messages(Models.OLD, user(file("'file_data':'data:image/png;base64," + PNG + "'")))
                .has("/messages/0/content/0/type", "'image'");
        refusedPart(
                file("'file_data':'data:application/zip;base64,AAAA'"),
                "messages[0].content[0].file.file_data: expected application/pdf, text or an image, found application/zip");
        refusedPart(
                file("'file_data':'AAAA'"),
                "messages[0].content[0].file.file_data: expected application/pdf, text or an image, found an unknown type");
        refusedPart(
                file(""),
                "messages[0].content[0].file.file_data: expected a string, found nothing");
    }

    @Test // 31
    void soundIsRefused() {
        String json =
                "{'model':'m','messages':["
                        + user("{'type':'text','text':'a'},{'type':'input_audio','input_audio':{}}")
                        + "]}";
        var e =
                refused(
                        Models.OLD,
                        json,
                        "messages[0].content[1]: expected text, an image or a file, found audio, which Claude cannot hear");
        String body = new String(e.chatBody(), StandardCharsets.UTF_8);
        assertEquals(
                "messages[0].content[1]",
                ccproxy.wire.Json.tree(body).at("/error/param").asString());
        assertEquals(
                "unsupported_content", ccproxy.wire.Json.tree(body).at("/error/code").asString());
    }

    @Test
    void modelsThatReadTextOnlyAreToldSo() {
        refused(
                Models.PLAIN,
                "{'model':'m','messages':[" + user(image("https://x")) + "]}",
                "messages[0].content[0].image_url: expected no image: plain reads none");
        refused(
                Models.PLAIN,
                "{'model':'m','messages':[" + user(file("'file_data':'" + PDF + "'")) + "]}",
                "messages[0].content[0].file.file_data: expected no PDF: plain reads none");
    }

    @Test
    void anthropicsOwnBlocksStayWholeButNoUserCites() {
        messages(
                        Models.OLD,
                        user(
                                "{'type':'document','source':{'type':'url','url':'u'},'citations':{'enabled':true},'later':1},"
                                        + "{'type':'search_result','source':'s','title':'t','citations':{'enabled':true},"
                                        + "'content':[{'type':'text','text':'x','citations':[{'type':'char_location'}]}]},"
                                        + "{'type':'text','text':'y','citations':[{'type':'char_location'}]}"))
                .has(
                        "/messages/0/content/0",
                        "{'type':'document','source':{'type':'url','url':'u'},'citations':{'enabled':true},'later':1}")
                .has("/messages/0/content/1/content", "[{'type':'text','text':'x'}]")
                .has("/messages/0/content/1/citations", "{'enabled':true}")
                .has("/messages/0/content/2", "{'type':'text','text':'y'}");
    }

    @Test
    void documentsStandInUserTurnsOnly() {
        refused(
                Models.OLD,
                "{'model':'m','messages':[{'role':'user','content':'a'},{'role':'assistant','content':[{'type':'document'}]}]}",
                "messages[1].content[0].type: expected one of text, refusal, found \"document\"");
    }
}
