/**
 * Other names that yards give to a column, by tab, the likeliest first. Written as `headerKey` makes
 * them: without case, punctuation and units, `#` and `number` being `no`.
 */
export const otherNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Equipment: {
    'Item ID':
      'itemno unitno unitid equipno equipid equipmentno equipmentid assetno assetid assettag machineno machineid fleetno fleetid plantno plantid stockno inventoryno id idno no unit asset equip plant tag sku code itemcode ref serialno',
    Name: 'description desc itemname itemdescription equipmentname equipmentdescription unitname unitdescription machinename item equipment machine makemodel makeandmodel model product title',
    Category:
      'type class group equipmenttype category cat kind catclass categoryname section department family',
    'Daily rate':
      'daily day dayrate ratedaily rateday perday priceday dayprice dailyprice priceperday rateperday rentperday 1day 1dayrate oneday 24hr 24hrs 24hour 24hours dailyrental dailyrent dailyhire dayhire hireperday dailycharge costperday ratesday rentalrate rate price',
    'Weekly rate':
      'weekly week weekrate rateweekly rateweek wk wkrate ratewk perweek perwk priceweek weekprice weeklyprice priceperweek rateperweek rentperweek 7day 7days 7dayrate 1week 1wk oneweek weeklyrental weeklyhire weekhire',
    'Four-week rate':
      '4week 4weeks 4wk 4wks 4weekrate 4wkrate fourweek fourweeks 28day 28days 28dayrate month monthly monthrate monthlyrate ratemonthly ratemonth permonth pricemonth monthprice monthlyprice pricepermonth ratepermonth mo mth mthly 1month onemonth monthlyrental monthlyhire monthhire rate4week rate4wk',
    'Half day':
      'halfdayrate halfdaily halfdayprice 12day 4hour 4hours 4hr 4hrs 4hourrate 4hrrate fourhour fourhours fourhourrate 4hmin 4hourmin',
    'Weekend rate': 'weekend weekendprice wknd wkndrate rateweekend weekendspecial',
    Deposit:
      'dep deposits depositamount securitydeposit security secdep damagedeposit depositrequired refundabledeposit bond',
    Status:
      'availability available avail currentstatus unitstatus rentalstatus inout state statuscode',
    'Due back':
      'due dueback duedate duein return returndate returns returndue expectedreturn expectedback backon back dateback dateback eta datedue duebackdate backdate datein outuntil untildate',
    'Also called':
      'aka alsoknownas othernames othername nicknames nickname aliases alias synonyms keywords searchwords searchterms',
    Quantity:
      'qty quant count units howmany quantityowned qtyowned onhand owned fleetcount stock instock',
    Notes:
      'note comments comment remarks remark details memo info specs description2 additionalinfo',
  },
  Bookings: {
    'Booking ID':
      'bookingno booking reservationno reservationid reservation resno resid confirmationno confirmation confno contractno contract rentalno orderno order ticketno ticket ref refno reference bookingref bookingcode code id no',
    'Item ID':
      'itemno unitno unitid equipno equipid equipmentno equipmentid assetno assetid assettag machineno machineid fleetno plantno stockno unit asset equip plant',
    Item: 'itemname itemdescription description equipment equipmentname machine machinename',
    Start:
      'startdate from fromdate begin begins begindate out dateout outdate pickup pickupdate deliverydate rentalstart firstday starts hirestart onhire onrent checkout',
    End: 'enddate to todate through thru until return returndate in datein indate due dueback duedate back rentalend lastday ends finish dropoff hireend offhire offrent checkin',
    Status: 'bookingstatus state reservationstatus',
    Customer:
      'customername name client clientname renter hirer company account who contactname bookedfor',
    Phone:
      'phoneno tel telno telephone telephoneno mobile mobileno cell cellno contact contactno customerphone',
    Total: 'amount totalprice totalcost price cost charge rentaltotal totalamount',
    'Created at':
      'created createdon datecreated bookedon bookedat datebooked bookingdate dateentered entered takenon timestamp added',
    'Call ID': '',
    Quantity: 'qty quant count units howmany',
    Delivery: 'deliveryfee deliverycharge deliverywindow',
    Address: 'deliveryaddress jobsite siteaddress site shipto deliverto',
    Job: 'jobname jobno project projectname',
    PO: 'pono purchaseorder purchaseorderno ponumber',
    Notes: 'note comments comment remarks',
    'Pick-up time': 'timeout outtime starttime timefrom fromtime timestart pickupat',
    'Return time': 'timein intime endtime timeto totime timeend returnby returnat dropofftime',
  },
};

/** A column's name with all that does not matter taken away: `Equip #` is `equipno`. */
export function headerKey(name: unknown): string {
  return (
    String(typeof name === 'string' || typeof name === 'number' ? name : '')
      .normalize('NFKC')
      .toLowerCase()
      // A unit in brackets does not matter, but it is the period that tells `Rate (day)` from `Rate (week)`.
      .replaceAll(
        /\((?!(?:per |\/ ?)?(?:\d+ ?)?(?:day|daily|d|week|wk|month|mo|hr|hour)\w*\))[^)]*\)/g,
        ' ',
      )
      .replaceAll(/\b(?:numbers?|nbr|num|nr)\b|#|№/g, 'no')
      .replaceAll(/\b(?:us\$|usd|gbp|eur|cad|aud)\b|&/g, ' ')
      .replaceAll(/[^\p{L}\p{N}]/gu, '')
  );
}
