"""Word lists for finding names: sentence openers, titles, and verbs with a person as subject."""

_ENGLISH = """
a about above according across actually additionally after again against ago all almost alone along
already also although always am amid among an and another any anyone anything apart are around as
aside at away back based basically be because been before behind being below besides best better
between beyond both but by can cannot cd certain clearly compared considering could currently cv
dad despite did do does doing don done down due during dvd each earlier easily either else
empirical empirically enough especially essentially even eventually every everyone everything
evidence except experimental experimentally experiments extensive few finally first firstly
following for formally former fortunately four from further furthermore general generally given god
had half has have having he hence her here hers herself hey hi him himself his how however i id if
important importantly in including indeed initially inspired instead interestingly internet into is
it its itself just last lastly lately later least less let like likely many may maybe me meanwhile
meta might mine mom moreover most much multi mum must my myself naturally near nearly neither never
nevertheless next no nobody non none nor not notably nothing now nowadays obviously of off
often ok okay old on once one only onto or originally other others otherwise our ours out outside
over overall own particularly pc people perhaps please pm possible possibly post pre presented
previous previously prior probably proposed proposes quite rather real really recent recently
regarding results same second secondly see self semi several shall she should show shows similarly
simple simply since single six so some somebody someone something sometimes somewhat soon
specifically standard state still such suddenly surely surprisingly ten than thanks that the their
theirs them themselves then theoretical theoretically there thereby therefore these they thing
things third this those though three through throughout thus to today together tomorrow tonight too
toward towards traditional traditionally training tv two typically ultimately under unfortunately
unlike until up upon us use uses using usually various very via was we web well were what whatever
when whenever where whereas wherever whether which while who whoever whole whom whose why will with
within without work works would yes yesterday yet you your yours yourself
"""
_FRENCH = """
a abord accusé actuellement afin ah ailleurs ainsi alors apparemment apres après-demain assez au
aucun aucune aujourd aujourd'hui auparavant auquel aussi autant autour autre autrefois autrement
autres aux avant avec avoir beaucoup bien bientot bonjour bref c ca car ce ceci cela celle celles
celui cependant certain certaine certaines certains ces cet cette ceux chacun chacune chaque chez
ci cinq combien comme comment concernant contrairement contre d dans davantage de debut dehors deja
demain depuis derriere des desormais deux deuxieme devant dix donc dont dorenavant du durant
effectivement egalement elle elles en encore enfin enorme ensemble ensuite entre et etait etant
etre eux evidemment face faute fin finalement gare grace grand grande heureusement hier hors hui
huit ici il ils interroge interrogee j jamais je jusqu jusque l l'un la laquelle le lequel les
lesquels leur leurs loin longtemps lors lorsque lui ma madame maintenant mais malgre
malheureusement me meme memes mes messieurs mieux mille moi moins mon monsieur n naturellement ne
neanmoins neuf ni nombre nombreuses nombreux non nos notamment notre nous nul on onze or ou oui
outre par parce parfois parmi partout pas passe pendant personne peu peut plus plusieurs plutot
point pour pourquoi pourtant premier premiere premierement pres presque principalement probablement
proche puis puisque qu quand quant quatre que quel quelle quelles quelqu quelque quelques quels qui
quiconque quoi quoique rappelons rarement rien s sa sans sauf se second seconde selon sept ses seul
seule seulement seuls si sinon six sixieme soit soudain sous souvent suite sur surtout ta tandis
tant tel telle tellement telles tels tes toi ton toujours tous tout toute toutefois toutes treize
trente tres trois troisieme trop tu un une vers via victime video vingt voici voila voir vos votre
vous vraiment y
"""
SENTENCE_OPENERS = {"en": frozenset(_ENGLISH.split()), "fr": frozenset(_FRENCH.split())}
"""Words that begin sentences and are no names, without case and accents."""

_TITLES = """
capitaine captain docteur dr general général king lady lord m madam madame maître me minister
ministre miss mlle mm mme mmes monsieur mr mrs ms pape pope pr president prince princess prof
professeur professor président présidente queen reine roi saint sir st sénateur
"""
TITLES = frozenset(_TITLES.split())
"""Words before a name that are no part of it."""

_ENGLISH_VERBS = """
accepts admires admits advises agrees announces answers apologizes asked asks begs believes blames
books buys calls came claims comes comforts complains compliments confirms congratulates convinces
decides describes didn't disagrees doesn't doubts encourages enjoys expects explains feels finishes
forgets forgot gets goes greets had has hates hopes informs insists interviews introduces invites
is isn't knows leaves lets likes lives loses loves meets misses orders pays persuades phones plans
praises prefers promises reads recommends refuses regrets remembers reminds replies requests
returns said says sees sells sends suggests talks teaches tells thanks thinks told tries
understands visits waits wants warns was watches went wishes won wonders worries
"""
_FRENCH_VERBS = """
a affirme annonce assure aura avait demande devait devrait dit doit déclare dénonce est estime
explique faisait fait n'a n'avait n'est n'était peut pourrait rappelle s'est sera souhaite va veut
vient était
"""
PERSON_VERBS = {"en": frozenset(_ENGLISH_VERBS.split()), "fr": frozenset(_FRENCH_VERBS.split())}
"""Verbs, or words before a verb, whose bare subject is often the name of a person."""
