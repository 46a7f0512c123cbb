#include "tests/unit/zone_text.h"

#include "zones/field.h"
#include "zones/rdata.h"

/* RDATA as text and as dnspython 2.3 writes it, in hexadecimal; @ stands for example.org. */
static const struct {
	const char *text;
	uint16_t type;
	const char *wire;
} rows[] = {
	{"A 192.0.2.1", 1, "c0000201"},
	{"AAAA 2001:db8::1", 28, "20010db8000000000000000000000001"},
	{"AAAA ::ffff:1.2.3.4", 28, "00000000000000000000ffff01020304"},
	{"NS ns1", 2, "036e7331@"},
	{"NS @", 2, "@"},
	{"CNAME foo.bar.", 5, "03666f6f0362617200"},
	{"PTR x.y", 12, "01780179@"},
	{"MX 10 @", 15, "000a@"},
	{"MX 65535 mail", 15, "ffff046d61696c@"},
	{"TXT \"a b;(c)\" def \"quo\\\"te\" esc\\;x \\065\\066 \"back\\\\slash\"", 16,
		"076120623b286329036465660671756f227465056573633b780241420a6261636b5c736c617368"},
	{"TXT \"\"", 16, "00"},
	{"TXT a\"b c\"d\"\"", 16, "016103622063016400"},
	{"TXT a=\\\"b", 16, "04613d2262"},
	{"SPF \"v=spf1\"", 99, "06763d73706631"},
	{"RP a b.", 17, "0161@016200"},
	{"AFSDB 1 h", 18, "00010168@"},
	{"X25 \"311061700956\"", 19, "0c333131303631373030393536"},
	{"ISDN \"150862028003217\" \"004\"", 20, "0f31353038363230323830303332313703303034"},
	{"ISDN \"150862028003217\"", 20, "0f313530383632303238303033323137"},
	{"RT 10 h", 21, "000a0168@"},
	{"NSAP 0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00", 22,
		"47000580005a0000000001e133ffffff00016100"},
	{"PX 10 a b", 26, "000a0161@0162@"},
	{"GPOS -22.6882 116.8652 250.0", 27, "082d32322e36383832083131362e38363532053235302e30"},
	{"LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m", 29,
		"000016138b3cf018810cbce0009895b8"},
	{"LOC 42 21 54 N 71 W -24m 30m", 29, "0033161389172dd070c3da8000988d20"},
	{"LOC 42 21 54 N 71 06 18 W -24m 30m", 29, "0033161389172dd070be15f000988d20"},
	{"LOC 60 9 N 24 39 E 10 20 2000 20", 29, "002325238ce82360854a10a000989a68"},
	{"SRV 0 5 5060 sip", 33, "0000000513c403736970@"},
	{"NAPTR 100 50 \"s\" \"z3950+I2L+N2L\" \"\" _z3950._tcp.gatech.edu.", 35,
		"0064003201730d7a333935302b49324c2b4e324c00065f7a33393530045f7463700667617465636803"
		"65647500"},
	{"KX 10 k", 36, "000a016b@"},
	{"CERT PGP 0 0 AQID", 37, "0003000000010203"},
	{"CERT 1 2 RSASHA256 AQIDBAUG", 37, "0001000208010203040506"},
	{"DNAME d.e", 39, "01640165@"},
	{"APL 1:192.168.32.0/21 !1:192.168.38.0/28 2:2001:db8::/32", 42,
		"00011503c0a82000011c83c0a8260002200420010db8"},
	{"DS 60485 5 1 2BB183AF5F22588179A53B0A 98631FAD1A292118", 43,
		"ec4505012bb183af5f22588179a53b0a98631fad1a292118"},
	{"SSHFP 2 1 123456789abcdef67890123456789abcdef67890", 44,
		"0201123456789abcdef67890123456789abcdef67890"},
	{"IPSECKEY 10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==", 45,
		"0a0102c0000226010351537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521af82ab780"
		"1"},
	{"IPSECKEY 10 3 2 gw.example.org. AQNRU3mG7TVT O2BkR47usntb102uFJtugbo6BSGvgqt4AQ==", 45,
		"0a0302026777@"
		"010351537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521af82ab7801"},
	{"IPSECKEY 10 0 2 . AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==", 45,
		"0a0002010351537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521af82ab7801"},
	{"IPSECKEY 10 2 2 2001:db8::1 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==", 45,
		"0a020220010db8000000000000000000000001010351537986ed35533b6064478eeeb27b5bd74dae14"
		"9b6e81ba3a0521af82ab7801"},
	{"RRSIG A 5 3 86400 20030322173103 20030220173103 2642 example.com. "
	 "oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTr PYGv07h108dUKGMeDPKijVCHX3DDKdfb+v6o",
		46,
		"00010503000151803e7c9dd73e5510d70a52076578616d706c6503636f6d00a090755ba58d1affa576"
		"f4375831b4310920e481218d18a9f164eb3d81afd3b875d3c75428631e0cf2a28d50875f70c329d7db"
		"fafea8"},
	{"NSEC host A MX RRSIG NSEC TYPE1234", 47,
		"04686f7374@"
		"0006400100000003041b000000000000000000000000000000000000000000000000000020"},
	{"DNSKEY 256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3 Cbl+BBZH4b/0PY1kxkmvHjcZc8no", 48,
		"010003050103d22a6ca77f35b893206fd35e4c506d8378843709b97e041647e1bff43d8d64c649af1e"
		"371973c9e8"},
	{"DNSKEY 256 3 RSASHA256 AQPSKmynfzW4", 48, "010003080103d22a6ca77f35b8"},
	{"DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69l OjxfNuVAA2kjEA=", 49,
		"000201636fc0b8271c82825bb1ac5c41cf5351aa69b4febd94e8f17cdb95000da48c40"},
	{"NSEC3 1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s MX DNSKEY NS SOA NSEC3PARAM RRSIG",
		50,
		"0101000c04aabbccdd1417f3df17b2b2adaef615257de4d2020b80ac6c7c000722010000000290"},
	{"NSEC3 1 1 12 - 2vptu5timamqttgl4luu9kg21e0aor3s", 50,
		"0101000c001417f3df17b2b2adaef615257de4d2020b80ac6c7c"},
	{"NSEC3PARAM 1 0 12 aabbccdd", 51, "0100000c04aabbccdd"},
	{"TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b9 7983a1d16e8a410e4561cb106618e971", 52,
		"030101d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971"},
	{"SMIMEA 3 1 0 d2abde240d7cd3ee6b4b28c54df034b9", 53,
		"030100d2abde240d7cd3ee6b4b28c54df034b9"},
	{"HIP 2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p rvs1 "
	 "rvs2.example.com.",
		55,
		"1002001e200100107b1a74df365639cc39f1d57803010001b771ca136e4aeb5ce44333c53b3d2c13c2"
		"2243851fc708bcce290472767331@0472767332076578616d706c6503636f6d00"},
	{"CDS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118", 59,
		"ec4505012bb183af5f22588179a53b0a98631fad1a292118"},
	{"CDNSKEY 256 3 5 AQPSKmynfzW4", 60, "010003050103d22a6ca77f35b8"},
	{"OPENPGPKEY AQPSKmynfzW4 AQPS", 61, "0103d22a6ca77f35b80103d2"},
	{"CSYNC 66 3 A NS AAAA", 62, "000000420003000460000008"},
	{"ZONEMD 2018031500 1 1 "
	 "FEBE3D4CE2EC2FFA4BA99D46CD69D6D29711E55217057BEE7EB1A7B641A47BA7FED2DD5B97AE499FAFA4F22C6"
	 "BD647DE",
		63,
		"7848b78c0101febe3d4ce2ec2ffa4ba99d46cd69d6d29711e55217057bee7eb1a7b641a47ba7fed2dd"
		"5b97ae499fafa4f22c6bd647de"},
	{"SVCB 0 foo", 64, "000003666f6f@"},
	{"SVCB 1 .", 64, "000100"},
	{"SVCB 16 foo.example.com. port=53", 64,
		"001003666f6f076578616d706c6503636f6d00000300020035"},
	{"HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1 no-default-alpn",
		65,
		"000100000100060268320268330002000000040008c0000201c00002020006001020010db800000000"
		"0000000000000001"},
	{"SVCB 1 foo key667=\"hello\\210qoo\"", 64, "000103666f6f@029b000968656c6c6fd2716f6f"},
	{"SVCB 1 foo key667=\"hello world\" alpn=\"h2,h3\" mandatory=alpn", 64,
		"000103666f6f@00000002000100010006026832026833029b000b68656c6c6f20776f726c64"},
	{"HTTPS 16 foo.example.org. mandatory=ipv4hint,alpn alpn=h2 ipv4hint=192.0.2.1 port=8443 "
	 "ech=\"AEX+DQA=\"",
		65,
		"001003666f6f@"
		"0000000400010004000100030268320003000220fb00040004c0000201000500050045fe0d00"},
	{"NID 10 0014:4fff:ff20:ee64", 104, "000a00144fffff20ee64"},
	{"L32 10 10.1.2.0", 105, "000a0a010200"},
	{"L64 10 2001:0DB8:1140:1000", 106, "000a20010db811401000"},
	{"LP 10 l64", 107, "000a036c3634@"},
	{"EUI48 00-00-5e-00-53-2a", 108, "00005e00532a"},
	{"EUI64 00-00-5e-ef-10-00-00-2a", 109, "00005eef1000002a"},
	{"URI 10 1 \"ftp://ftp1.example.com/public\"", 256,
		"000a00016674703a2f2f667470312e6578616d706c652e636f6d2f7075626c6963"},
	{"CAA 0 issue \"ca.example.net; account=230123\"", 257,
		"0005697373756563612e6578616d706c652e6e65743b206163636f756e743d323330313233"},
	{"CAA 128 issue ca.example.net", 257, "8005697373756563612e6578616d706c652e6e6574"},
	{"CAA 0 issue \"\"", 257, "00056973737565"},
	{"DLV 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118", 32769,
		"ec4505012bb183af5f22588179a53b0a98631fad1a292118"},
	{"HINFO \"PC Intel\" Linux", 13, "08504320496e74656c054c696e7578"},
	{"MINFO a b", 14, "0161@0162@"},
	{"WKS 10.0.0.1 6 25 80", 11, "0a000001060000004000000000000080"},
	{"TYPE12345 \\# 4 0a 00 00 01", 12345, "0a000001"},
	{"TYPE12345 \\# 0", 12345, ""},
	{"A \\# 4 c0000201", 1, "c0000201"},
	{"CAA \\# 7 00 05 69 73 73 75 65", 257, "00056973737565"},
	{"TYPE1 \\# 4 c0000201", 1, "c0000201"},
	{"TYPE1 192.0.2.7", 1, "c0000207"},
	{"TYPE28 2001:db8::7", 28, "20010db8000000000000000000000007"},
	{"NS \\# 5 0361626300", 2, "0361626300"},
	{"EUI48 \\# 6 00005e00532a", 108, "00005e00532a"},
	{"TALINK a b", 58, "0161@0162@"},
	{"TYPE261 \\# 3 020103", 261, "020103"},
	{"TYPE65280 \\# 3 010203", 65280, "010203"},
	{"SVCB 16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"", 64,
		"001003666f6f@0001000c08665c6f6f2c626172026832"},
	{"SVCB 16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2", 64,
		"001003666f6f@0001000c08665c6f6f2c626172026832"},
	{"SVCB 1 . alpn=h2\\,h3", 64, "00010000010006026832026833"},
	{"SVCB 1 . alpn=h2\\\\,h3", 64, "000100000100060568322c6833"},
	{"SVCB 1 . key1=\\002h2", 64, "00010000010003026832"},
	{"SVCB 1 . key667=x", 64, "000100029b000178"},
	{"SVCB 1 . key667", 64, "000100029b0000"},
	{"SVCB 1 . key667=\"\"", 64, "000100029b0000"},
	{"SVCB 1 . key65535=x", 64, "000100ffff000178"},
	{"SVCB 1 . port=\"80\" alpn=h2", 64, "00010000010003026832000300020050"},
	{"SVCB 1 . mandatory=port,alpn port=80 alpn=h2", 64,
		"000100000000040001000300010003026832000300020050"},
	{"SVCB 1 . mandatory=key9 key9=x", 64, "0001000000000200090009000178"},
	{"SVCB 1 . no-default-alpn= alpn=h2", 64, "0001000001000302683200020000"},
	{"SVCB 0 foo alpn=h2", 64, "000003666f6f@00010003026832"},
	{"SVCB 1 . dohpath=/q{?dns}", 64, "000100000700082f717b3f646e737d"},
	{"SVCB 1 . ohttp", 64, "00010000080000"},
	{"CDS 0 0 0 00", 59, "0000000000"},
	{"CDS 0 0 0 0", 59, "0000000000"},
	{"CDNSKEY 0 3 0 AA==", 60, "0000030000"},
	{"DS 1 8 200 AA", 43, "000108c8aa"},
	{"DS 1 8 2 abababababababababababababababababababababababababababababababab", 43,
		"00010802abababababababababababababababababababababababababababababababab"},
	{"DS 1 8 4 abababababababababababababababababababababababababababababababababababababababababababababababab",
		43,
		"00010804abababababababababababababababababababababababababababababababababababababababababababababababab"},
	{"DS 1 8 6 abababababababababababababababababababababababababababababababab", 43,
		"00010806abababababababababababababababababababababababababababababababab"},
	{"SSHFP 4 2 abababababababababababababababababababababababababababababababab", 44,
		"0402abababababababababababababababababababababababababababababababab"},
	{"SSHFP 4 9 AA", 44, "0409aa"},
	{"TLSA 3 1 0 AA", 52, "030100aa"},
	{"TLSA 3 1 2 abababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababab",
		52,
		"030102abababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababab"},
	{"ZONEMD 1 1 2 abababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababab",
		63,
		"000000010102abababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababab"},
	{"ZONEMD 1 1 200 abababababababababababab", 63, "0000000101c8abababababababababababab"},
	{"CSYNC 0 0", 62, "000000000000"},
	{"TYPE62 \\# 6 000000000000", 62, "000000000000"},
	{"CSYNC 66 3 RESINFO TYPE65280 A", 62, "000000420003000140010104ff0180"},
	{"NSAP-PTR foo.", 23, "03666f6f00"},
	{"NSAP-PTR foo", 23, "03666f6f@"},
	{"NINFO a \"b c\"", 56, "016103622063"},
	{"DSYNC CDS NOTIFY 5359 h", 66, "003b0114ef0168@"},
	{"DSYNC CSYNC 129 0 .", 66, "003e81000000"},
	{"AVC \"app-name:WOLFGANG\"", 258, "116170702d6e616d653a574f4c4647414e47"},
	{"DOA 1234567890 1 1 \"image/gif\" R0lG ODlh", 259,
		"499602d2000000010109696d6167652f676966474946383961"},
	{"DOA 0 1 2 \"\" -", 259, "00000000000000010200"},
	{"AMTRELAY 10 0 1 203.0.113.15", 260, "0a01cb00710f"},
	{"AMTRELAY 10 1 2 2001:db8::15", 260, "0a8220010db8000000000000000000000015"},
	{"AMTRELAY 128 1 3 amt", 260, "808303616d74@"},
	{"AMTRELAY \\# 3 0a0401", 260, "0a0401"},
	{"LOC \\# 2 01ff", 29, "01ff"},
	{"AMTRELAY 10 0 0 .", 260, "0a00"},
	{"RESINFO qnamemin exterr=15-17", 261, "08716e616d656d696e0c6578746572723d31352d3137"},
	{"WALLET BTC x", 262, "034254430178"},
	{"NSEC a A DSYNC AMTRELAY", 47, "0161@0009400000000000000020010108"},
	{"KEY 256 3 5 AQPS", 25, "010003050103d2"},
	{"SIG A 5 3 60 20030322173103 20030220173103 2642 a AQPS", 24,
		"000105030000003c3e7c9dd73e5510d70a520161@0103d2"},
	{"MB h", 7, "0168@"},
	{"MG h", 8, "0168@"},
	{"MR h", 9, "0168@"},
	{"MD h", 3, "0168@"},
	{"MF h", 4, "0168@"},
	{"EID 0102", 31, "0102"},
	{"NIMLOC 0102", 32, "0102"},
};

static void hex_write(char *out, const uint8_t *octets, size_t size)
{
	for (size_t i = 0; i < size; i++)
		out += sprintf(out, "%02x", octets[i]);
	*out = '\0';
}

static void hex_expect(char *out, const char *text)
{
	for (; *text; text++)
		out += sprintf(out, *text == '@' ? "076578616d706c65036f726700" : "%c", *text);
	*out = '\0';
}

static struct zone_file *record_load(const char *record)
{
	char text[2048];
	int size = snprintf(
		text, sizeof text, "$TTL 60\n@ SOA a b 1 2 3 4 5\n NS a\nr IN %s\n", record);
	return zone_load_text(text, (size_t)size);
}

static void wire_expect(const char *text, uint16_t type, const char *expected)
{
	char found[2048];
	struct zone_file *file = record_load(text);
	if (!file)
		fail_msg("%s: %s", text, zone_why);
	const struct zone_entry *entry = zone_entry_find(file, "r", type);
	assert_non_null(entry);
	assert_int_equal(entry->rrset.count, 1);
	const uint8_t *record = entry->rrset.records;
	hex_write(found, record_rdata(record), record_rdata_size(record));
	if (strcmp(found, expected))
		fail_msg("%s: %s, expected %s", text, found, expected);
	zone_file_free(file);
}

/* As words, and its octets with \# (RFC 3597 5). */
static void test_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char expected[2048], generic[2200];
		hex_expect(expected, rows[i].wire);
		wire_expect(rows[i].text, rows[i].type, expected);
		snprintf(generic, sizeof generic, "TYPE%u \\# %zu %s", rows[i].type,
			strlen(expected) / 2, expected);
		wire_expect(generic, rows[i].type, expected);
	}
}

/* What ldns alone would have taken, wrapped or read past. */
static void test_refusals(void **state)
{
	(void)state;
	static const struct {
		const char *text, *sentence;
	} bad[] = {
		{"A 192.0.2.256", "A has \"192.0.2.256\", expected an IPv4 address"},
		{"AAAA 192.0.2.1", "AAAA has \"192.0.2.1\", expected an IPv6 address"},
		{"A", "A has 0 of its fields, expected 1"},
		{"A 192.0.2.1 x", "A has \"x\", expected the record's end before it"},
		{"MX mail", "MX has \"mail\", expected a number from 0 to 65535"},
		{"MX 65536 mail", "MX has \"65536\", expected a number from 0 to 65535"},
		{"MX 10", "MX has 1 of its fields, expected 2"},
		{"CAA 256 issue \"x\"", "CAA has \"256\", expected a number from 0 to 255"},
		{"CAA 0 is-sue \"x\"", "CAA has \"is-sue\", expected letters and digits"},
		{"DNSKEY 256 3 300 AQPS", "DNSKEY has \"300\", expected a number from 0 to 255"},
		{"DNSKEY 256 3 -1 AQPS", "DNSKEY has \"-1\", expected a number from 0 to 255"},
		{"CERT \"\" 1 8 AQPS", "CERT has \"\", expected a number from 0 to 65535"},
		{"DNSKEY 256 3 FOO AQPS", "DNSKEY has \"FOO\", expected an algorithm"},
		{"DNSKEY 256 3 8 A*", "DNSKEY has \"A*\", expected base64"},
		{"DS 1 8 2 abc", "DS has \"abc\", expected pairs of hexadecimal digits"},
		{"DS 1 8 2 xy", "DS has \"xy\", expected pairs of hexadecimal digits"},
		{"NSEC a A FOO", "NSEC has \"FOO\", expected a record type"},
		{"NSEC a A TYPE65536", "NSEC has \"TYPE65536\", expected a record type"},
		{"RRSIG FOO 8 2 1 1 1 1 a AQPS", "RRSIG has \"FOO\", expected a record type"},
		{"RRSIG A 8 2 1 20261340000000 1 1 a AQPS",
			"RRSIG has \"20261340000000\", expected a time as YYYYMMDDHHmmSS, or "
			"seconds since 1970"},
		{"LOC 52 30 N", "LOC has \"52 30 N\", expected a location like 52 30 0 N 13 22 0 E "
				"34m"},
		{"LOC 91 N 1 E 1m",
			"LOC has \"91 N 1 E 1m\", expected a location like 52 30 0 N 13 "
			"22 0 E 34m"},
		{"LOC 1 N 1 E 1m foo", "LOC has \"1 N 1 E 1m foo\", expected a location like 52 30 "
				       "0 N 13 22 0 E 34m"},
		{"APL 1:192.0.2.0/33", "APL has \"1:192.0.2.0/33\", expected "
				       "[!]family:address/prefix"},
		{"APL 3:192.0.2.0/3", "APL has \"3:192.0.2.0/3\", expected "
				      "[!]family:address/prefix"},
		{"SVCB 1 . port=65536", "SVCB has \"65536\", expected a number from 0 to 65535"},
		{"SVCB 1 . port=1 port=2",
			"SVCB has \"port\", expected keys in ascending order, each once"},
		{"SVCB 1 . port=1 key3=ab",
			"SVCB has \"port\", expected keys in ascending order, each once"},
		{"SVCB 1 . ipv6hint=1111:1111:1111:1111:1111:1111:1111:1111:1111:1",
			"SVCB has \"1111:1111:1111:1111:1111:1111:1111:1111:1111:1\", expected an IPv6 address"},
		{"SVCB 1 . ipv4hint=192.0.2.1,::1", "SVCB has \"::1\", expected an IPv4 address"},
		{"HTTPS 1 . port", "HTTPS has \"port\", expected a value"},
		{"HTTPS 1 . port=", "HTTPS has \"port\", expected a value"},
		{"HTTPS 1 . ipv4hint", "HTTPS has \"ipv4hint\", expected a value"},
		{"HTTPS 1 . ech", "HTTPS has \"ech\", expected a value"},
		{"HTTPS 1 . ech=A", "HTTPS has \"ech=A\", expected base64"},
		{"HTTPS 1 . ech=AA=A", "HTTPS has \"ech=AA=A\", expected base64"},
		{"HTTPS 1 . alpn", "HTTPS has \"alpn\", expected a value"},
		{"HTTPS 1 . alpn=h2,",
			"HTTPS has \"alpn=h2,\", expected items of 1 to 255 octets, a comma between them, \\\\, in one"},
		{"HTTPS 1 . alpn=,h2",
			"HTTPS has \"alpn=,h2\", expected items of 1 to 255 octets, a comma between them, \\\\, in one"},
		{"HTTPS 1 . alpn=h\\\\2",
			"HTTPS has \"alpn=h\\\\2\", expected items of 1 to 255 octets, a comma between them, \\\\, in one"},
		{"HTTPS 1 . alpn=h\\300",
			"HTTPS has \"alpn=h\\300\", expected escapes as \\X or \\DDD"},
		{"HTTPS 1 . alpn=h\\000", "HTTPS has \"alpn=h\\000\", expected no octet 0"},
		{"HTTPS 1 . mandatory=alpn",
			"HTTPS has \"mandatory\", expected keys of the record other than itself, each once"},
		{"HTTPS 1 . mandatory=mandatory",
			"HTTPS has \"mandatory\", expected keys of the record other than itself, each once"},
		{"HTTPS 1 . mandatory=alpn,alpn alpn=h2",
			"HTTPS has \"mandatory\", expected keys of the record other than itself, each once"},
		{"HTTPS 1 . mandatory=foo", "HTTPS has \"foo\", expected a key"},
		{"HTTPS 1 . mandatory", "HTTPS has \"mandatory\", expected a value"},
		{"HTTPS 1 . no-default-alpn",
			"HTTPS has \"no-default-alpn\", expected alpn beside it"},
		{"HTTPS 1 . no-default-alpn=x alpn=h2",
			"HTTPS has \"no-default-alpn\", expected no value"},
		{"HTTPS 1 . ohttp=x", "HTTPS has \"ohttp\", expected no value"},
		{"HTTPS 1 . dohpath=", "HTTPS has \"dohpath\", expected a value"},
		{"HTTPS 1 . foo=x", "HTTPS has \"foo=x\", expected a key, or key=value"},
		{"HTTPS 1 . ALPN=h2", "HTTPS has \"ALPN=h2\", expected a key, or key=value"},
		{"HTTPS 1 . key007=x", "HTTPS has \"key007=x\", expected a key, or key=value"},
		{"HTTPS 1 . key65536=x", "HTTPS has \"key65536=x\", expected a key, or key=value"},
		{"HTTPS 1 . \"alpn=h2\"", "HTTPS has \"alpn=h2\", expected a key, or key=value"},
		{"HTTPS 1 . key9=\"a\"b",
			"HTTPS has \"key9=\"a\"b\", expected all of the value in quotes, or \\\""},
		{"HTTPS 1 . key9=a=\"b\"",
			"HTTPS has \"key9=a=\"b\"\", expected all of the value in quotes, or \\\""},
		{"SVCB \\# 11 0001000003000200500003",
			"SVCB has \"\\#\", expected whole keys and values"},
		{"SVCB \\# 8 0001000003000250", "SVCB has \"\\#\", expected whole keys and values"},
		{"SVCB \\# 10 00010000030003005000",
			"SVCB has \"port\", expected a value of its kind"},
		{"SVCB \\# 16 00010000030002005000010003026832",
			"SVCB has \"alpn\", expected keys in ascending order, each once"},
		{"SVCB \\# 9 000100000100020268", "SVCB has \"alpn\", expected a list of ids"},
		{"SVCB \\# 10 00010000040003010203",
			"SVCB has \"ipv4hint\", expected a value of its kind"},
		{"SVCB \\# 7 00010000020000",
			"SVCB has \"no-default-alpn\", expected alpn beside it"},
		{"SVCB \\# 9 000100000000020001",
			"SVCB has \"mandatory\", expected keys of the record other than itself, each once"},
		{"DS 60485 8 2 ababababababababababababababababababab",
			"DS has a digest of type 2 with 19 octets, expected 32"},
		{"DS 1 8 1 abababababababababababababababababababababababababababababababab",
			"DS has a digest of type 1 with 32 octets, expected 20"},
		{"DS 1 8 4 abababababababababababababababababababababababababababababababab",
			"DS has a digest of type 4 with 32 octets, expected 48"},
		{"DS \\# 5 00010802aa", "DS has a digest of type 2 with 1 octet, expected 32"},
		{"TYPE43 \\# 5 00010802aa",
			"TYPE43 has a digest of type 2 with 1 octet, expected 32"},
		{"CDS 1 8 2 AA", "CDS has a digest of type 2 with 1 octet, expected 32"},
		{"DLV 1 8 2 AA", "DLV has a digest of type 2 with 1 octet, expected 32"},
		{"SSHFP 4 2 C76D", "SSHFP has a digest of type 2 with 2 octets, expected 32"},
		{"TLSA 3 1 1 AA", "TLSA has a digest of type 1 with 1 octet, expected 32"},
		{"SMIMEA 3 1 2 AA", "SMIMEA has a digest of type 2 with 1 octet, expected 64"},
		{"ZONEMD 1 1 1 2BB183AF",
			"ZONEMD has a digest of type 1 with 4 octets, expected 48"},
		{"ZONEMD 1 1 200 2BB183AF",
			"ZONEMD has a digest of type 200 with 4 octets, expected at least 12"},
		{"NSEC a", "NSEC has 1 of its fields, expected 2"},
		{"CSYNC 0", "CSYNC has 1 of its fields, expected 2"},
		{"CSYNC 0 0 FOO", "CSYNC has \"FOO\", expected a record type"},
		{"NSAP-PTR a..b",
			"NSAP-PTR: name \"a..b\" has an empty label, expected 1 to 63 octets between dots"},
		{"DSYNC CDS 256 1 h", "DSYNC has \"256\", expected a number from 0 to 255"},
		{"DSYNC FOO 1 1 h", "DSYNC has \"FOO\", expected a record type"},
		{"AMTRELAY 10 2 1 192.0.2.1", "AMTRELAY has \"2\", expected 0 or 1"},
		{"AMTRELAY 10 0 4 .", "AMTRELAY has \"4\", expected a gateway type from 0 to 3"},
		{"AMTRELAY 10 0 0 x", "AMTRELAY has \"x\", expected no gateway, as ."},
		{"AMTRELAY 10 0 1",
			"AMTRELAY has \"1\", expected precedence, 0 or 1, relay type and relay"},
		{"AMTRELAY 10 0 1 192.0.2.1 x",
			"AMTRELAY has \"x\", expected the record's end before it"},
		{"DOA 0 1 2 a *", "DOA has \"*\", expected base64"},
		{"DOA 0 1 2 a", "DOA has 4 of its fields, expected 5"},
		{"RESINFO", "RESINFO has 0 of its fields, expected 1"},
		{"CSYNC \\# 5 0000000000",
			"CSYNC has \"\\#\", expected octets that RDATA of that type is made of"},
		{"CSYNC \\# 9 000000000000000100",
			"CSYNC has \"\\#\", expected octets that RDATA of that type is made of"},
		{"CSYNC \\# 10 00000000000000024000",
			"CSYNC has \"\\#\", expected octets that RDATA of that type is made of"},
		{"CSYNC \\# 12 000000000000010140000140",
			"CSYNC has \"\\#\", expected octets that RDATA of that type is made of"},
		{"NSEC \\# 2 0161",
			"NSEC has \"\\#\", expected octets that RDATA of that type is made of"},
		{"NSEC \\# 3 016100",
			"NSEC has \"\\#\", expected octets that RDATA of that type is made of"},
		{"NSEC3 \\# 8 0100000000000140",
			"NSEC3 has \"\\#\", expected octets that RDATA of that type is made of"},
		{"APL \\# 5 00010000ff",
			"APL has \"\\#\", expected octets that RDATA of that type is made of"},
		{"APL \\# 8 00012104c0000201",
			"APL has \"\\#\", expected octets that RDATA of that type is made of"},
		{"APL \\# 8 00011804c0000200",
			"APL has \"\\#\", expected octets that RDATA of that type is made of"},
		{"APL \\# 5 00011803c0",
			"APL has \"\\#\", expected octets that RDATA of that type is made of"},
		{"LOC \\# 15 000016138b3cf018810cbce0009895",
			"LOC has \"\\#\", expected octets that RDATA of that type is made of"},
		{"LOC \\# 17 000016138b3cf018810cbce0009895b800",
			"LOC has \"\\#\", expected octets that RDATA of that type is made of"},
		{"LOC \\# 16 00a016138b3cf018810cbce0009895b8",
			"LOC has \"\\#\", expected octets that RDATA of that type is made of"},
		{"LOC \\# 16 00001613ffffffff810cbce0009895b8",
			"LOC has \"\\#\", expected octets that RDATA of that type is made of"},
		{"CAA \\# 7 00006973737565",
			"CAA has \"\\#\", expected octets that RDATA of that type is made of"},
		{"CAA \\# 5 0003612d62",
			"CAA has \"\\#\", expected octets that RDATA of that type is made of"},
		{"CAA \\# 3 000561",
			"CAA has \"\\#\", expected octets that RDATA of that type is made of"},
		{"SVCB \\# 2 0001",
			"SVCB has \"\\#\", expected octets that RDATA of that type is made of"},
		{"SVCB \\# 4 0001c00c",
			"SVCB has \"\\#\", expected octets that RDATA of that type is made of"},
		{"IPSECKEY \\# 3 010102",
			"IPSECKEY has \"\\#\", expected octets that RDATA of that type is made of"},
		{"AMTRELAY \\# 7 0a01cb00710f00",
			"AMTRELAY has \"\\#\", expected octets that RDATA of that type is made of"},
		{"AMTRELAY \\# 3 0a00ff",
			"AMTRELAY has \"\\#\", expected octets that RDATA of that type is made of"},
		{"HIP \\# 4 10020001",
			"HIP has \"\\#\", expected octets that RDATA of that type is made of"},
		{"RESINFO \\# 2 0561",
			"RESINFO has \"\\#\", expected octets that RDATA of that type is made of"},
		{"RESINFO \\# 0",
			"RESINFO has \"\\#\", expected octets that RDATA of that type is made of"},
		{"DSYNC \\# 5 003b0114ef",
			"DSYNC has \"\\#\", expected octets that RDATA of that type is made of"},
		{"DSYNC \\# 7 003b0114efc00c",
			"DSYNC has \"\\#\", expected octets that RDATA of that type is made of"},
		{"DOA \\# 9 000000000000000102",
			"DOA has \"\\#\", expected octets that RDATA of that type is made of"},
		{"NSAP-PTR \\# 4 03666f6f",
			"NSAP-PTR has \"\\#\", expected octets that RDATA of that type is made of"},
		{"NSAP-PTR \\# 6 03666f6f0000",
			"NSAP-PTR has \"\\#\", expected octets that RDATA of that type is made of"},
		{"EUI48 \\# 5 00005e0053",
			"EUI48 has \"\\#\", expected octets that RDATA of that type is made of"},
		{"L64 \\# 11 000a20010db81140100000",
			"L64 has \"\\#\", expected octets that RDATA of that type is made of"},
		{"SRV \\# 6 000000000000",
			"SRV has \"\\#\", expected octets that RDATA of that type is made of"},
		{"KX \\# 0", "KX has \"\\#\", expected octets that RDATA of that type is made of"},
		{"TLSA \\# 3 030101",
			"TLSA has \"\\#\", expected octets that RDATA of that type is made of"},
		{"IPSECKEY 1 4 2 . AQPS",
			"IPSECKEY has \"4\", expected a gateway type from 0 to 3"},
		{"IPSECKEY 1 0 2 x AQPS", "IPSECKEY has \"x\", expected no gateway, as ."},
		{"IPSECKEY 1 0 2", "IPSECKEY has \"2\", expected precedence, gateway type, "
				   "algorithm, gateway and key"},
		{"TXT", "TXT has 0 of its fields, expected 1"},
		{"TXT \\300", "TXT has \"\\300\", expected a string of at most 255 octets, escapes "
			      "as \\X or \\DDD"},
		{"TXT a=\"b c\"",
			"TXT has \"a=\"b c\"\", expected all of the string in quotes, or \\\""},
		{"TXT \\1", "TXT has \"\\1\", expected a string of at most 255 octets, escapes as "
			    "\\X or \\DDD"},
		{"NS a..b", "NS: name \"a..b\" has an empty label, expected 1 to 63 octets between "
			    "dots"},
		{"TYPE12345 x", "TYPE12345 has \"x\", expected \\#, its size and hexadecimal "
				"digits (RFC 3597)"},
		{"NULL x", "NULL has \"x\", expected \\#, its size and hexadecimal digits (RFC "
			   "3597)"},
		{"TYPE12345 \\#", "TYPE12345 has \"\\#\", expected \\#, a number from 0 to 65535 "
				  "and as many octets"},
		{"TYPE12345 \\# 65536 00", "TYPE12345 has \"65536\", expected \\#, a number from 0 "
					   "to 65535 and as many octets"},
		{"TYPE12345 \\# 2 00", "TYPE12345 has \"00\", expected as many pairs of "
				       "hexadecimal digits as \\# says"},
		{"TYPE12345 \\# 1 0g", "TYPE12345 has \"0g\", expected as many pairs of "
				       "hexadecimal digits as \\# says"},
		{"A \\# 5 0102030405", "A has \"\\#\", expected octets that RDATA of that type is "
				       "made of"},
		{"NS \\# 2 c00c", "NS has \"\\#\", expected octets that RDATA of that type is made "
				  "of"},
		{"MX \\# 0", "MX has \"\\#\", expected octets that RDATA of that type is made of"},
		{"TXT \\# 2 0561", "TXT has \"\\#\", expected octets that RDATA of that type is "
				   "made of"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char expected[WHY_SIZE];
		struct zone_file *file = record_load(bad[i].text);
		snprintf(expected, sizeof expected, "%s:4: %s", zone_path("z.zone"),
			bad[i].sentence);
		if (file)
			fail_msg("was taken: %s", bad[i].text);
		assert_string_equal(zone_why, expected);
	}
}

/* 65535 octets of RDATA are a record, one more is refused: 256 strings of 255 octets, less one. */
static void test_long(void **state)
{
	(void)state;
	enum { STRINGS = 256, TEXT = STRINGS * 260 + 200 };
	for (unsigned last = 254; last <= 255; last++) {
		char *text = malloc(TEXT), *at = text;
		assert_non_null(text);
		at += sprintf(at, "$TTL 60\n@ SOA a b 1 2 3 4 5\n NS a\nr TXT (");
		for (unsigned i = 1; i <= STRINGS; i++) {
			unsigned count = i < STRINGS ? 255 : last;
			*at++ = '\n';
			memset(at, 'x', count);
			at += count;
		}
		at += sprintf(at, ")\n");
		struct zone_file *file = zone_load_text(text, (size_t)(at - text));
		free(text);
		assert_int_equal(file != NULL, last == 254);
		if (file)
			assert_int_equal(
				record_rdata_size(
					zone_entry_find(file, "r", TYPE_TXT)->rrset.records),
				65535);
		else
			assert_non_null(strstr(zone_why, ":4: TXT has too much RDATA"));
		zone_file_free(file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_long),
	};
	return cmocka_run_group_tests(tests, zone_folder_make, zone_folder_remove);
}
