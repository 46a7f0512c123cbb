#include "geo/country.h"

#include <string.h>

struct country_row {
	char code[3], label[3];
	enum continent continent;
	const char *name;
};

/* ISO 3166-1 and XK, sorted by code; country n is row n - 1. */
static const struct country_row rows[] = {
	/* clang-format off */
	{"AD", "ad", CONTINENT_EU, "Andorra"},
	{"AE", "ae", CONTINENT_AS, "United Arab Emirates"},
	{"AF", "af", CONTINENT_AS, "Afghanistan"},
	{"AG", "ag", CONTINENT_NA, "Antigua and Barbuda"},
	{"AI", "ai", CONTINENT_NA, "Anguilla"},
	{"AL", "al", CONTINENT_EU, "Albania"},
	{"AM", "am", CONTINENT_AS, "Armenia"},
	{"AO", "ao", CONTINENT_AF, "Angola"},
	{"AQ", "aq", CONTINENT_AN, "Antarctica"},
	{"AR", "ar", CONTINENT_SA, "Argentina"},
	{"AS", "as", CONTINENT_OC, "American Samoa"},
	{"AT", "at", CONTINENT_EU, "Austria"},
	{"AU", "au", CONTINENT_OC, "Australia"},
	{"AW", "aw", CONTINENT_NA, "Aruba"},
	{"AX", "ax", CONTINENT_EU, "Aland Islands"},
	{"AZ", "az", CONTINENT_AS, "Azerbaijan"},
	{"BA", "ba", CONTINENT_EU, "Bosnia and Herzegovina"},
	{"BB", "bb", CONTINENT_NA, "Barbados"},
	{"BD", "bd", CONTINENT_AS, "Bangladesh"},
	{"BE", "be", CONTINENT_EU, "Belgium"},
	{"BF", "bf", CONTINENT_AF, "Burkina Faso"},
	{"BG", "bg", CONTINENT_EU, "Bulgaria"},
	{"BH", "bh", CONTINENT_AS, "Bahrain"},
	{"BI", "bi", CONTINENT_AF, "Burundi"},
	{"BJ", "bj", CONTINENT_AF, "Benin"},
	{"BL", "bl", CONTINENT_NA, "Saint Barthelemy"},
	{"BM", "bm", CONTINENT_NA, "Bermuda"},
	{"BN", "bn", CONTINENT_AS, "Brunei"},
	{"BO", "bo", CONTINENT_SA, "Bolivia"},
	{"BQ", "bq", CONTINENT_NA, "Bonaire, Sint Eustatius and Saba"},
	{"BR", "br", CONTINENT_SA, "Brazil"},
	{"BS", "bs", CONTINENT_NA, "Bahamas"},
	{"BT", "bt", CONTINENT_AS, "Bhutan"},
	{"BV", "bv", CONTINENT_AN, "Bouvet Island"},
	{"BW", "bw", CONTINENT_AF, "Botswana"},
	{"BY", "by", CONTINENT_EU, "Belarus"},
	{"BZ", "bz", CONTINENT_NA, "Belize"},
	{"CA", "ca", CONTINENT_NA, "Canada"},
	{"CC", "cc", CONTINENT_AS, "Cocos (Keeling) Islands"},
	{"CD", "cd", CONTINENT_AF, "Democratic Republic of the Congo"},
	{"CF", "cf", CONTINENT_AF, "Central African Republic"},
	{"CG", "cg", CONTINENT_AF, "Republic of the Congo"},
	{"CH", "ch", CONTINENT_EU, "Switzerland"},
	{"CI", "ci", CONTINENT_AF, "Ivory Coast"},
	{"CK", "ck", CONTINENT_OC, "Cook Islands"},
	{"CL", "cl", CONTINENT_SA, "Chile"},
	{"CM", "cm", CONTINENT_AF, "Cameroon"},
	{"CN", "cn", CONTINENT_AS, "China"},
	{"CO", "co", CONTINENT_SA, "Colombia"},
	{"CR", "cr", CONTINENT_NA, "Costa Rica"},
	{"CU", "cu", CONTINENT_NA, "Cuba"},
	{"CV", "cv", CONTINENT_AF, "Cabo Verde"},
	{"CW", "cw", CONTINENT_NA, "Curacao"},
	{"CX", "cx", CONTINENT_OC, "Christmas Island"},
	{"CY", "cy", CONTINENT_EU, "Cyprus"},
	{"CZ", "cz", CONTINENT_EU, "Czechia"},
	{"DE", "de", CONTINENT_EU, "Germany"},
	{"DJ", "dj", CONTINENT_AF, "Djibouti"},
	{"DK", "dk", CONTINENT_EU, "Denmark"},
	{"DM", "dm", CONTINENT_NA, "Dominica"},
	{"DO", "do", CONTINENT_NA, "Dominican Republic"},
	{"DZ", "dz", CONTINENT_AF, "Algeria"},
	{"EC", "ec", CONTINENT_SA, "Ecuador"},
	{"EE", "ee", CONTINENT_EU, "Estonia"},
	{"EG", "eg", CONTINENT_AF, "Egypt"},
	{"EH", "eh", CONTINENT_AF, "Western Sahara"},
	{"ER", "er", CONTINENT_AF, "Eritrea"},
	{"ES", "es", CONTINENT_EU, "Spain"},
	{"ET", "et", CONTINENT_AF, "Ethiopia"},
	{"FI", "fi", CONTINENT_EU, "Finland"},
	{"FJ", "fj", CONTINENT_OC, "Fiji"},
	{"FK", "fk", CONTINENT_SA, "Falkland Islands"},
	{"FM", "fm", CONTINENT_OC, "Micronesia"},
	{"FO", "fo", CONTINENT_EU, "Faroe Islands"},
	{"FR", "fr", CONTINENT_EU, "France"},
	{"GA", "ga", CONTINENT_AF, "Gabon"},
	{"GB", "gb", CONTINENT_EU, "United Kingdom"},
	{"GD", "gd", CONTINENT_NA, "Grenada"},
	{"GE", "ge", CONTINENT_AS, "Georgia"},
	{"GF", "gf", CONTINENT_SA, "French Guiana"},
	{"GG", "gg", CONTINENT_EU, "Guernsey"},
	{"GH", "gh", CONTINENT_AF, "Ghana"},
	{"GI", "gi", CONTINENT_EU, "Gibraltar"},
	{"GL", "gl", CONTINENT_NA, "Greenland"},
	{"GM", "gm", CONTINENT_AF, "Gambia"},
	{"GN", "gn", CONTINENT_AF, "Guinea"},
	{"GP", "gp", CONTINENT_NA, "Guadeloupe"},
	{"GQ", "gq", CONTINENT_AF, "Equatorial Guinea"},
	{"GR", "gr", CONTINENT_EU, "Greece"},
	{"GS", "gs", CONTINENT_AN, "South Georgia and the South Sandwich Islands"},
	{"GT", "gt", CONTINENT_NA, "Guatemala"},
	{"GU", "gu", CONTINENT_OC, "Guam"},
	{"GW", "gw", CONTINENT_AF, "Guinea-Bissau"},
	{"GY", "gy", CONTINENT_SA, "Guyana"},
	{"HK", "hk", CONTINENT_AS, "Hong Kong"},
	{"HM", "hm", CONTINENT_AN, "Heard Island and McDonald Islands"},
	{"HN", "hn", CONTINENT_NA, "Honduras"},
	{"HR", "hr", CONTINENT_EU, "Croatia"},
	{"HT", "ht", CONTINENT_NA, "Haiti"},
	{"HU", "hu", CONTINENT_EU, "Hungary"},
	{"ID", "id", CONTINENT_AS, "Indonesia"},
	{"IE", "ie", CONTINENT_EU, "Ireland"},
	{"IL", "il", CONTINENT_AS, "Israel"},
	{"IM", "im", CONTINENT_EU, "Isle of Man"},
	{"IN", "in", CONTINENT_AS, "India"},
	{"IO", "io", CONTINENT_AS, "British Indian Ocean Territory"},
	{"IQ", "iq", CONTINENT_AS, "Iraq"},
	{"IR", "ir", CONTINENT_AS, "Iran"},
	{"IS", "is", CONTINENT_EU, "Iceland"},
	{"IT", "it", CONTINENT_EU, "Italy"},
	{"JE", "je", CONTINENT_EU, "Jersey"},
	{"JM", "jm", CONTINENT_NA, "Jamaica"},
	{"JO", "jo", CONTINENT_AS, "Jordan"},
	{"JP", "jp", CONTINENT_AS, "Japan"},
	{"KE", "ke", CONTINENT_AF, "Kenya"},
	{"KG", "kg", CONTINENT_AS, "Kyrgyzstan"},
	{"KH", "kh", CONTINENT_AS, "Cambodia"},
	{"KI", "ki", CONTINENT_OC, "Kiribati"},
	{"KM", "km", CONTINENT_AF, "Comoros"},
	{"KN", "kn", CONTINENT_NA, "Saint Kitts and Nevis"},
	{"KP", "kp", CONTINENT_AS, "North Korea"},
	{"KR", "kr", CONTINENT_AS, "South Korea"},
	{"KW", "kw", CONTINENT_AS, "Kuwait"},
	{"KY", "ky", CONTINENT_NA, "Cayman Islands"},
	{"KZ", "kz", CONTINENT_AS, "Kazakhstan"},
	{"LA", "la", CONTINENT_AS, "Laos"},
	{"LB", "lb", CONTINENT_AS, "Lebanon"},
	{"LC", "lc", CONTINENT_NA, "Saint Lucia"},
	{"LI", "li", CONTINENT_EU, "Liechtenstein"},
	{"LK", "lk", CONTINENT_AS, "Sri Lanka"},
	{"LR", "lr", CONTINENT_AF, "Liberia"},
	{"LS", "ls", CONTINENT_AF, "Lesotho"},
	{"LT", "lt", CONTINENT_EU, "Lithuania"},
	{"LU", "lu", CONTINENT_EU, "Luxembourg"},
	{"LV", "lv", CONTINENT_EU, "Latvia"},
	{"LY", "ly", CONTINENT_AF, "Libya"},
	{"MA", "ma", CONTINENT_AF, "Morocco"},
	{"MC", "mc", CONTINENT_EU, "Monaco"},
	{"MD", "md", CONTINENT_EU, "Moldova"},
	{"ME", "me", CONTINENT_EU, "Montenegro"},
	{"MF", "mf", CONTINENT_NA, "Saint Martin"},
	{"MG", "mg", CONTINENT_AF, "Madagascar"},
	{"MH", "mh", CONTINENT_OC, "Marshall Islands"},
	{"MK", "mk", CONTINENT_EU, "North Macedonia"},
	{"ML", "ml", CONTINENT_AF, "Mali"},
	{"MM", "mm", CONTINENT_AS, "Myanmar"},
	{"MN", "mn", CONTINENT_AS, "Mongolia"},
	{"MO", "mo", CONTINENT_AS, "Macao"},
	{"MP", "mp", CONTINENT_OC, "Northern Mariana Islands"},
	{"MQ", "mq", CONTINENT_NA, "Martinique"},
	{"MR", "mr", CONTINENT_AF, "Mauritania"},
	{"MS", "ms", CONTINENT_NA, "Montserrat"},
	{"MT", "mt", CONTINENT_EU, "Malta"},
	{"MU", "mu", CONTINENT_AF, "Mauritius"},
	{"MV", "mv", CONTINENT_AS, "Maldives"},
	{"MW", "mw", CONTINENT_AF, "Malawi"},
	{"MX", "mx", CONTINENT_NA, "Mexico"},
	{"MY", "my", CONTINENT_AS, "Malaysia"},
	{"MZ", "mz", CONTINENT_AF, "Mozambique"},
	{"NA", "na", CONTINENT_AF, "Namibia"},
	{"NC", "nc", CONTINENT_OC, "New Caledonia"},
	{"NE", "ne", CONTINENT_AF, "Niger"},
	{"NF", "nf", CONTINENT_OC, "Norfolk Island"},
	{"NG", "ng", CONTINENT_AF, "Nigeria"},
	{"NI", "ni", CONTINENT_NA, "Nicaragua"},
	{"NL", "nl", CONTINENT_EU, "Netherlands"},
	{"NO", "no", CONTINENT_EU, "Norway"},
	{"NP", "np", CONTINENT_AS, "Nepal"},
	{"NR", "nr", CONTINENT_OC, "Nauru"},
	{"NU", "nu", CONTINENT_OC, "Niue"},
	{"NZ", "nz", CONTINENT_OC, "New Zealand"},
	{"OM", "om", CONTINENT_AS, "Oman"},
	{"PA", "pa", CONTINENT_NA, "Panama"},
	{"PE", "pe", CONTINENT_SA, "Peru"},
	{"PF", "pf", CONTINENT_OC, "French Polynesia"},
	{"PG", "pg", CONTINENT_OC, "Papua New Guinea"},
	{"PH", "ph", CONTINENT_AS, "Philippines"},
	{"PK", "pk", CONTINENT_AS, "Pakistan"},
	{"PL", "pl", CONTINENT_EU, "Poland"},
	{"PM", "pm", CONTINENT_NA, "Saint Pierre and Miquelon"},
	{"PN", "pn", CONTINENT_OC, "Pitcairn"},
	{"PR", "pr", CONTINENT_NA, "Puerto Rico"},
	{"PS", "ps", CONTINENT_AS, "Palestine"},
	{"PT", "pt", CONTINENT_EU, "Portugal"},
	{"PW", "pw", CONTINENT_OC, "Palau"},
	{"PY", "py", CONTINENT_SA, "Paraguay"},
	{"QA", "qa", CONTINENT_AS, "Qatar"},
	{"RE", "re", CONTINENT_AF, "Reunion"},
	{"RO", "ro", CONTINENT_EU, "Romania"},
	{"RS", "rs", CONTINENT_EU, "Serbia"},
	{"RU", "ru", CONTINENT_EU, "Russia"},
	{"RW", "rw", CONTINENT_AF, "Rwanda"},
	{"SA", "sa", CONTINENT_AS, "Saudi Arabia"},
	{"SB", "sb", CONTINENT_OC, "Solomon Islands"},
	{"SC", "sc", CONTINENT_AF, "Seychelles"},
	{"SD", "sd", CONTINENT_AF, "Sudan"},
	{"SE", "se", CONTINENT_EU, "Sweden"},
	{"SG", "sg", CONTINENT_AS, "Singapore"},
	{"SH", "sh", CONTINENT_AF, "Saint Helena, Ascension and Tristan da Cunha"},
	{"SI", "si", CONTINENT_EU, "Slovenia"},
	{"SJ", "sj", CONTINENT_EU, "Svalbard and Jan Mayen"},
	{"SK", "sk", CONTINENT_EU, "Slovakia"},
	{"SL", "sl", CONTINENT_AF, "Sierra Leone"},
	{"SM", "sm", CONTINENT_EU, "San Marino"},
	{"SN", "sn", CONTINENT_AF, "Senegal"},
	{"SO", "so", CONTINENT_AF, "Somalia"},
	{"SR", "sr", CONTINENT_SA, "Suriname"},
	{"SS", "ss", CONTINENT_AF, "South Sudan"},
	{"ST", "st", CONTINENT_AF, "Sao Tome and Principe"},
	{"SV", "sv", CONTINENT_NA, "El Salvador"},
	{"SX", "sx", CONTINENT_NA, "Sint Maarten"},
	{"SY", "sy", CONTINENT_AS, "Syria"},
	{"SZ", "sz", CONTINENT_AF, "Eswatini"},
	{"TC", "tc", CONTINENT_NA, "Turks and Caicos Islands"},
	{"TD", "td", CONTINENT_AF, "Chad"},
	{"TF", "tf", CONTINENT_AN, "French Southern Territories"},
	{"TG", "tg", CONTINENT_AF, "Togo"},
	{"TH", "th", CONTINENT_AS, "Thailand"},
	{"TJ", "tj", CONTINENT_AS, "Tajikistan"},
	{"TK", "tk", CONTINENT_OC, "Tokelau"},
	{"TL", "tl", CONTINENT_OC, "Timor-Leste"},
	{"TM", "tm", CONTINENT_AS, "Turkmenistan"},
	{"TN", "tn", CONTINENT_AF, "Tunisia"},
	{"TO", "to", CONTINENT_OC, "Tonga"},
	{"TR", "tr", CONTINENT_AS, "Turkey"},
	{"TT", "tt", CONTINENT_NA, "Trinidad and Tobago"},
	{"TV", "tv", CONTINENT_OC, "Tuvalu"},
	{"TW", "tw", CONTINENT_AS, "Taiwan"},
	{"TZ", "tz", CONTINENT_AF, "Tanzania"},
	{"UA", "ua", CONTINENT_EU, "Ukraine"},
	{"UG", "ug", CONTINENT_AF, "Uganda"},
	{"UM", "um", CONTINENT_OC, "United States Minor Outlying Islands"},
	{"US", "us", CONTINENT_NA, "United States"},
	{"UY", "uy", CONTINENT_SA, "Uruguay"},
	{"UZ", "uz", CONTINENT_AS, "Uzbekistan"},
	{"VA", "va", CONTINENT_EU, "Vatican City"},
	{"VC", "vc", CONTINENT_NA, "Saint Vincent and the Grenadines"},
	{"VE", "ve", CONTINENT_SA, "Venezuela"},
	{"VG", "vg", CONTINENT_NA, "British Virgin Islands"},
	{"VI", "vi", CONTINENT_NA, "United States Virgin Islands"},
	{"VN", "vn", CONTINENT_AS, "Vietnam"},
	{"VU", "vu", CONTINENT_OC, "Vanuatu"},
	{"WF", "wf", CONTINENT_OC, "Wallis and Futuna"},
	{"WS", "ws", CONTINENT_OC, "Samoa"},
	{"XK", "xk", CONTINENT_EU, "Kosovo"},
	{"YE", "ye", CONTINENT_AS, "Yemen"},
	{"YT", "yt", CONTINENT_AF, "Mayotte"},
	{"ZA", "za", CONTINENT_AF, "South Africa"},
	{"ZM", "zm", CONTINENT_AF, "Zambia"},
	{"ZW", "zw", CONTINENT_AF, "Zimbabwe"},
	/* clang-format on */
};

_Static_assert(sizeof rows / sizeof *rows == COUNTRY_MAX, "one row for each country");

/* ccTLDs that are in use beside the country's own code: ISO 3166-1 reserves them. */
static const struct {
	char label[3], code[3];
} aliases[] = {{"uk", "GB"}, {"ac", "SH"}, {"su", "RU"}};

_Static_assert(COUNTRY_MAX + sizeof aliases / sizeof *aliases == COUNTRY_LABELS,
	"one label for each alias");

static const char continents[][3] = {
	[CONTINENT_NONE] = "",
	[CONTINENT_AF] = "AF",
	[CONTINENT_AN] = "AN",
	[CONTINENT_AS] = "AS",
	[CONTINENT_EU] = "EU",
	[CONTINENT_NA] = "NA",
	[CONTINENT_OC] = "OC",
	[CONTINENT_SA] = "SA",
};

/* ASCII only, whatever the locale says; anything but a letter stays as it is. */
static char letter_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Binary search for two upper-case letters. */
static unsigned row_find(char first, char second)
{
	size_t low = 0, high = COUNTRY_MAX;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const char *code = rows[middle].code;
		int order = code[0] != first ? code[0] - first : code[1] - second;
		if (order == 0)
			return (unsigned)middle + 1;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return COUNTRY_NONE;
}

unsigned country_find(const char *code, size_t size)
{
	if (size != 2)
		return COUNTRY_NONE;
	char first = letter_upper(code[0]), second = letter_upper(code[1]);
	unsigned country = row_find(first, second);
	for (size_t i = 0; !country && i < sizeof aliases / sizeof *aliases; i++)
		if (letter_upper(aliases[i].label[0]) == first &&
			letter_upper(aliases[i].label[1]) == second)
			country = row_find(aliases[i].code[0], aliases[i].code[1]);
	return country;
}

const char *country_code(unsigned country)
{
	return country - 1 < COUNTRY_MAX ? rows[country - 1].code : "";
}

const char *country_name(unsigned country)
{
	return country - 1 < COUNTRY_MAX ? rows[country - 1].name : "";
}

enum continent country_continent(unsigned country)
{
	return country - 1 < COUNTRY_MAX ? rows[country - 1].continent : CONTINENT_NONE;
}

const char *country_label(size_t i, unsigned *country)
{
	if (i < COUNTRY_MAX) {
		*country = (unsigned)i + 1;
		return rows[i].label;
	}
	const char *code = aliases[i - COUNTRY_MAX].code;
	*country = row_find(code[0], code[1]);
	return aliases[i - COUNTRY_MAX].label;
}

enum continent continent_find(const char *code, size_t size)
{
	if (size != 2)
		return CONTINENT_NONE;
	char upper[3] = {letter_upper(code[0]), letter_upper(code[1]), 0};
	for (unsigned i = CONTINENT_NONE + 1; i <= CONTINENT_MAX; i++)
		if (memcmp(continents[i], upper, 2) == 0)
			return (enum continent)i;
	return CONTINENT_NONE;
}

const char *continent_code(enum continent continent)
{
	return (unsigned)continent <= CONTINENT_MAX ? continents[continent] : "";
}
